"""Who may import whom: the arrows between the rooms go one way."""

import ast
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from flyleaf.config import PROJECT

PACKAGE = PROJECT / "flyleaf"
MODULES = {
    ".".join(path.relative_to(PROJECT).with_suffix("").parts).removesuffix(".__init__"): path
    for path in sorted(PACKAGE.rglob("*.py"))
    if "migrations" not in path.parts
}
MIGRATIONS = {
    f"flyleaf.database.migrations.{path.stem}": path
    for path in sorted((PACKAGE / "database" / "migrations").rglob("*.py"))
}
# What each room imports of its siblings; a room that is not listed is new, and has to be thought about here.
MAY_IMPORT = {
    "address": set(),
    "background": {"database"},
    "backup": {"config", "database", "search", "version"},
    "citation": set(),
    "config": {"setting_values"},
    "setting_values": set(),
    "cover_fetcher": {"background", "covers", "database", "open_library", "queries"},
    "covers": {"markers"},
    "gateway": {"numbers", "security_headers", "upload_places"},
    "upload_places": set(),
    "workers": {"address", "gateway"},
    "isbn": set(),
    "identifiers": {"limits"},
    "limits": set(),
    "logs": set(),
    "markers": set(),
    "metrics": set(),
    "numbers": set(),
    "paging": set(),
    "passkeys": {"queries"},
    "passwords": {"limits", "turns"},
    "recovery_codes": {"limits", "passwords"},
    "request_counters": {"sessions"},
    "sealing": set(),
    "security_headers": set(),
    "sessions": {"limits", "markers"},
    "subjects": set(),
    "series": {"limits"},
    "turns": set(),
    "maintenance": {"background", "config", "covers", "database", "queries", "search", "sessions"},
    "history": set(),
    "totp": set(),
    "tracing": set(),
    "version": set(),
    "embedded": set(),
    "open_library": {"isbn"},
    "search": {"identifiers", "isbn", "limits", "subjects"},
    "queries": {"history", "identifiers", "isbn", "limits", "paging", "series", "subjects"},
    "database": {"config", "embedded", "search"},  # of the search: what it keeps in the database
    "exporting": {"history", "importing", "queries"},
    "importing": {
        "config", "database", "history", "identifiers", "isbn", "limits", "numbers", "queries", "search", "series",
        "subjects",
    },
    "rating_fetcher": {"background", "database", "open_library", "queries"},
    "views": {
        "citation", "config", "covers", "database", "exporting", "history", "identifiers", "importing", "isbn",
        "limits", "metrics", "open_library", "paging", "passkeys", "passwords", "queries", "recovery_codes", "sealing",
        "search", "series", "sessions", "subjects", "totp", "turns", "version", "web",
    },
    "web": {
        "config", "cover_fetcher", "covers", "database", "identifiers", "isbn", "limits", "maintenance", "metrics",
        "numbers", "open_library", "paging", "passkeys", "passwords", "queries", "rating_fetcher",
        "recovery_codes", "request_counters", "sealing", "search", "security_headers", "sessions", "setting_values",
        "totp", "turns",
    },
}  # fmt: skip
WIRE = {"__main__", "app", "cli", "doctor", "serving"}  # they import what they wire
KNOW_FLASK = {"__main__", "tracing", "views", "web", "app", "cli"}
LOADER = {  # they know the database
    "flyleaf.importing.loader",
    "flyleaf.importing.loading.corrected",
    "flyleaf.importing.loading.identify",
    "flyleaf.importing.loading.merge",
    "flyleaf.importing.loading.staging",
}
# Of SQLAlchemy a view or a command needs a type, and the exception that becomes a 503.
VIEWS_KNOW_OF_SQLALCHEMY = {"Connection", "SQLAlchemyError"}
LONGEST = 300  # lines


def room(module: str) -> str:
    """flyleaf.views.search is in the room views; flyleaf.config is a room of its own."""
    return module.split(".")[1] if "." in module else ""


@cache
def imports(path: Path) -> list[tuple[str, str]]:
    """(module, name) of each import, those inside functions too."""
    found = []
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found += [(alias.name, "") for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative imports hide where the arrow points"
            found += [(node.module or "", alias.name) for alias in node.names]
    return found


def siblings(module: str) -> set[str]:
    """The rooms that a module imports, apart from its own."""
    rooms = set()
    for name, what in imports(MODULES[module]):
        if name == "flyleaf":
            rooms.add(what)
        elif name.startswith("flyleaf."):
            rooms.add(room(name))
    return rooms - {room(module)}


def libraries(module: str) -> set[str]:
    return {name.split(".")[0] for name, _ in imports(MODULES[module])}


@pytest.mark.every_input
@pytest.mark.parametrize("module", [module for module in MODULES if room(module) not in {"", *WIRE}])
def test_a_module_imports_only_the_rooms_that_it_may(module: str) -> None:
    assert room(module) in MAY_IMPORT, "a new room: say here which others it may import"
    assert siblings(module) <= MAY_IMPORT[room(module)]


# 0002 fills its table of letters from the search's. That table is dropped once the search has its own schema.
IMPORTED_BY_MIGRATIONS = {"0002_search": {"flyleaf.search.letters"}}


@pytest.mark.every_input
@pytest.mark.parametrize("module", MIGRATIONS)
def test_a_migration_imports_nothing_that_changes(module: str) -> None:
    """What a migration makes must not depend on the code of the day."""
    stem = module.split(".")[-1]
    ours = {name for name, _ in imports(MIGRATIONS[module]) if name.split(".")[0] == "flyleaf"}
    assert ours == IMPORTED_BY_MIGRATIONS.get(stem, set())
    assert {name.split(".")[0] for name, _ in imports(MIGRATIONS[module])} <= {
        "alembic", "flyleaf", "pathlib", "sqlalchemy",
    }  # fmt: skip


def test_of_the_importer_only_the_loader_and_the_command_know_the_database() -> None:
    """Readers of formats know files and rows."""
    know = {module for module in MODULES if room(module) == "importing" and siblings(module) & {"database", "queries"}}
    assert know <= LOADER | {"flyleaf.importing.command"}


def test_the_package_itself_imports_nothing() -> None:
    """The importer and the keeper of the database start without Flask."""
    assert siblings("flyleaf") == set()


def test_only_the_web_knows_flask() -> None:
    know = {
        module for module in MODULES if libraries(module) & {"flask", "werkzeug", "wtforms", "jinja2", "markupsafe"}
    }
    assert {room(module) for module in know} <= KNOW_FLASK


def test_only_the_database_the_search_queries_and_the_loader_know_sqlalchemy() -> None:
    for module in MODULES:
        names = {name or what for what, name in imports(MODULES[module]) if what.split(".")[0] == "sqlalchemy"}
        if room(module) in {"views", "web", "cli"}:
            assert names <= VIEWS_KNOW_OF_SQLALCHEMY, module
        elif names:
            assert room(module) in {"backup", "database", "queries", "search"} or module in LOADER, module


def test_only_the_database_and_the_loader_know_the_driver() -> None:
    know = {module for module in MODULES if libraries(module) & {"psycopg2", "alembic"}}
    assert {module for module in know if room(module) != "database"} <= LOADER | {"flyleaf.backup.tables"}


def test_only_the_clients_of_outside_things_speak_http() -> None:
    know = {module for module in MODULES if libraries(module) & {"requests", "urllib3", "http"}}
    known = {"open_library", "address"}  # address asks who has taken the port
    assert {room(module) for module in know - {"flyleaf.web.oidc_client"}} <= known


def test_only_the_config_reads_the_environment() -> None:
    readers = set()
    names = {"environ", "environb", "getenv", "getenvb"}
    for module, path in MODULES.items():
        of_os = {
            node.attr
            for node in ast.walk(ast.parse(path.read_text()))
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "os"
        }
        imported = {name for what, name in imports(path) if what == "os"}
        if (of_os | imported) & names:
            readers.add(module)
    assert readers == {"flyleaf.config"}


def test_queries_never_end_a_transaction() -> None:
    for module, path in MODULES.items():
        if room(module) == "queries":
            calls = {node.attr for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Attribute)}
            assert not calls & {"commit", "rollback", "begin"}, module


def test_no_module_is_too_long() -> None:
    lengths = {module: len(path.read_text().splitlines()) for module, path in MODULES.items()}
    assert {module: length for module, length in lengths.items() if length > LONGEST} == {}


def test_no_room_has_a_name_that_says_nothing() -> None:
    names = {part for module in MODULES for part in module.split(".")}
    assert not names & {"utils", "util", "helpers", "helper", "manager", "service", "data", "common", "misc"}


@pytest.mark.slow
def test_every_module_can_be_imported_first() -> None:
    """And so in any order. A process for each would cost a minute: the package's modules are forgotten in between.
    To import a module that its package imports by itself is to import the package."""
    program = (
        "import functools, importlib, sys\n"
        "def ours():\n"
        "    return {name for name in sys.modules if name.split('.')[0] == 'flyleaf'}\n"
        "@functools.cache\n"
        "def loads(module):\n"
        "    for name in ours():\n"
        "        del sys.modules[name]\n"
        "    importlib.import_module(module)\n"
        "    return ours()\n"
        "for module in sys.argv[1:]:\n"
        "    package = module.rpartition('.')[0]\n"
        "    if not package or module not in loads(package):\n"
        "        loads(module)\n"
    )
    modules = [module for module in MODULES if not module.endswith("__main__")]
    done = subprocess.run([sys.executable, "-c", program, *modules], capture_output=True, text=True, cwd=PROJECT)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("module", "unknown"),
    [
        ("flyleaf.embedded.keeper", {"flask", "sqlalchemy", "psycopg2"}),
        ("flyleaf.importing", {"flask", "wtforms"}),
        ("flyleaf.database", {"flask", "wtforms", "alembic"}),
        ("flyleaf.config", {"flask", "sqlalchemy"}),
    ],
)
def test_what_is_not_needed_is_not_loaded(module: str, unknown: set[str]) -> None:
    program = f"import sys, {module}; print(*{unknown!r} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=PROJECT, check=True)
    assert done.stdout.split() == []
