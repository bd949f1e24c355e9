"""SQL is our own text, and every value in it is bound: statements are made of constants alone."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from flyleaf.config import PROJECT

MODULES = sorted(
    path for path in (PROJECT / "flyleaf").rglob("*.py") if "from sqlalchemy" in path.read_text(encoding="utf-8")
)
RUN = {"execute", "scalar", "scalars", "executemany", "exec_driver_sql", "copy_expert", "copy_from", "mogrify"}
# Statements that are put together of names which are no constants, and where those come from.
KNOWN = {
    # Columns of the catalogue: those of importing/fields.py that the file has, and expressions that stand in merge.py.
    "CHANGED.format(stored=', '.join((f'books.{column}' for column in stored)), said=', '.join(said))",
    # UPDATE_BOOKS and INSERT_BOOKS of merge.py, with the same columns; shelf_pages.py's, of constants for each order
    "statement",
    "_SPREAD",  # columns of importing/fields.py
    "STAGING",  # columns and types of importing/fields.py
    "unnamed",  # a constant of the function
    "f\"COPY {target} FROM STDIN WITH (NULL '')\"",  # a table of ours and columns of importing/fields.py
    "f'CREATE EXTENSION IF NOT EXISTS {extension}'",  # a tuple of the migration
    "(SQL / name).read_text(encoding='utf-8')",  # files of the migration
    "undo",  # a file of the migrations
    "step.statements",  # of files of the migrations
    "path.read_text(encoding='utf-8')",  # files of the search
    "f'CREATE SCHEMA {schema_name()}'",  # a digest of those files
    "statements",  # of a constant of search/superseded.py, and of a file of the search
    "self._named(statement)",  # a text of backup/tables.py, with the database's own names quoted by the driver
    "_merged(value, in_language=in_language, newer=False)",  # columns that stand in listed_reviews.py
    "_merged(value, in_language=in_language, newer=True)",
    "f'SELECT {step}()'",  # functions that search_rebuild_steps(), a function of a migration, names
}


def statements(tree: ast.Module) -> Iterator[ast.expr]:
    """What stands in text(…), and what is handed to the driver without it."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or not node.args:
            continue
        if isinstance(node.func, ast.Name) and node.func.id == "text":
            yield node.args[0]
        elif isinstance(node.func, ast.Attribute) and node.func.attr in RUN:
            is_text = isinstance(node.args[0], ast.Call) and ast.unparse(node.args[0].func) == "text"
            if not is_text:
                yield node.args[0]


def constants(tree: ast.Module) -> dict[str, ast.expr]:
    """What stands under a name in the module, outside its functions, and the limits and pieces of queries that it
    imports."""
    imported = {
        alias.name: ast.Constant(alias.name)
        for node in tree.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
        if node.module == "flyleaf.limits" or is_piece(node.module or "", alias.name)
    }
    return imported | {
        target.id: node.value
        for node in tree.body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }


@cache
def is_piece(module: str, name: str) -> bool:
    """Whether it is a constant of another module of the queries."""
    if not module.startswith("flyleaf.queries.") or not name.isupper():
        return False
    known = constants(ast.parse((PROJECT / f"{module.replace('.', '/')}.py").read_text(encoding="utf-8")))
    return name in known and is_constant(known[name], known)


def is_constant(expression: ast.expr, known: dict[str, ast.expr]) -> bool:
    """Whether it is made of texts, and of names of such, alone."""
    match expression:
        case ast.Constant():
            return True
        case ast.Name(id=name):
            return name in known and is_constant(known[name], known)
        case ast.JoinedStr(values=parts):
            return all(is_constant(part, known) for part in parts)
        case ast.FormattedValue(value=value):
            return is_constant(value, known)
        case ast.Call(func=ast.Name(id="text"), args=[statement]):
            return is_constant(statement, known)
        case ast.Call(func=ast.Name(id="prepared"), args=[statement, *_]):
            return is_constant(statement, known)
        case ast.Call(func=ast.Attribute(value=statement, attr="bindparams" | "columns" | "execution_options")):
            return is_constant(statement, known)
    return False


@pytest.mark.every_input
@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PROJECT)))
def test_statements_are_made_of_constants(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    known = constants(tree)
    others = {ast.unparse(one) for one in statements(tree) if not is_constant(one, known)}
    assert others <= KNOWN, "bind the value; or say at KNOWN why none can come from outside"


def test_nothing_is_explained_that_is_gone() -> None:
    texts = {ast.unparse(one) for path in MODULES for one in statements(ast.parse(path.read_text(encoding="utf-8")))}
    assert texts >= KNOWN


@pytest.mark.parametrize(
    "statement",
    [
        'text(f"SELECT {name}")',
        'text("SELECT " + name)',
        'text("SELECT {}".format(name))',
        'text("SELECT %s" % name)',
        "connection.execute(name)",
        'cursor.execute(f"SELECT {A} {name}")',
    ],
)
def test_a_value_that_is_not_bound_is_found(statement: str) -> None:
    tree = ast.parse(f'A = "1"\ndef select(name):\n    {statement}')
    assert [one for one in statements(tree) if not is_constant(one, constants(tree))]
