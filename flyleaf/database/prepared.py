"""Prepared statements: the server parses and plans a statement once for each connection, not every time it runs.

Planning a look-up that joins five tables takes the server several times as long as running it. A statement is prepared
if it asks for it: `text(…).execution_options(prepared=True)`. After five runs PostgreSQL keeps one plan for all values,
until a table changes or is analysed, so this is for statements whose best plan is the same for all of them. The server
finds out the types of the values by their use; where it can't, write CAST(:value AS type). Through a pooler nothing is
prepared, as the next transaction may meet another server process.
"""

import re
from typing import Any

from flyleaf.database.connection_settings import is_pooled

_VALUE = re.compile(r"%\((\w+)\)s|%%")


def execute_prepared(cursor: Any, statement: str, values: Any, context: Any) -> bool:
    """Run the statement if it is one to prepare, and return whether it is. A listener of SQLAlchemy's `do_execute`."""
    if not context.execution_options.get("prepared") or is_pooled(context.root_connection):
        return False
    known: dict[str, str] = context.root_connection.info.setdefault("prepared", {})  # of this driver's connection
    if statement not in known:
        name = f"prepared_{len(known)}"
        numbered, arguments = _numbered(statement)
        cursor.execute(f"PREPARE {name} AS {numbered}")
        known[statement] = f"EXECUTE {name}{arguments}"
    cursor.execute(known[statement], values)
    return True


def _numbered(statement: str) -> tuple[str, str]:
    """Return the statement with $1, $2, … for its values, and the list of the values in this order."""
    numbers: dict[str, int] = {}

    def number(value: re.Match[str]) -> str:
        return f"${numbers.setdefault(value[1], len(numbers) + 1)}" if value[1] else "%"

    numbered = _VALUE.sub(number, statement)
    return numbered, f" ({', '.join(f'%({name})s' for name in numbers)})" if numbers else ""
