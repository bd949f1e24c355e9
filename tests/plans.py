"""What the statements of a function, or of a page, cost the database: their plans as it ran them."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine, event, text


@dataclass(frozen=True)
class Plan:
    """The plan of a statement."""

    statement: str
    nodes: list[dict[str, Any]]

    @property
    def buffers(self) -> int:
        """The pages that were looked at, from the memory or not."""
        return int(self.nodes[0]["Shared Hit Blocks"] + self.nodes[0]["Shared Read Blocks"])

    @property
    def rows(self) -> int:
        """The rows that went through its nodes, those that were thrown away too."""
        return sum(map(rows_of, self.nodes))

    def reads_whole(self, table: str) -> bool:
        return any(node["Node Type"] == "Seq Scan" and node["Relation Name"] == table for node in self.nodes)


def rows_of(node: dict[str, Any]) -> int:
    removed = sum(value for name, value in node.items() if name.startswith("Rows Removed"))
    return int((node["Actual Rows"] + removed) * node["Actual Loops"])


def nodes_of(plan: dict[str, Any]) -> list[dict[str, Any]]:
    """The nodes of a plan in JSON, the top one first."""
    return [plan, *(node for child in plan.get("Plans", []) for node in nodes_of(child))]


@contextmanager
def recorded(engine: Engine, verb: str = "SELECT") -> Iterator[list[tuple[str, Any]]]:
    """The statements that begin so, with their values, that run on the engine while the block lasts."""
    statements: list[tuple[str, Any]] = []

    def keep(_connection: Any, _cursor: Any, statement: str, values: Any, *_: Any) -> None:
        if statement.lstrip().startswith(verb):
            statements.append((statement, values))

    event.listen(engine, "before_cursor_execute", keep)
    yield statements
    event.remove(engine, "before_cursor_execute", keep)


def explain(connection: Connection, statement: str, values: Any) -> Plan:
    """Run a statement, as the driver gets it, and return its plan."""
    rows = connection.exec_driver_sql(f"EXPLAIN (ANALYZE, BUFFERS, TIMING OFF, FORMAT JSON) {statement}", values)
    found = rows.scalar_one()
    return Plan(statement, nodes_of((json.loads(found) if isinstance(found, str) else found)[0]["Plan"]))


def analyze(connection: Connection) -> None:
    """Have the planner know what is in the tables. The tests' server doesn't do so by itself."""
    connection.execute(text("ANALYZE"))
