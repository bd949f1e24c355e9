"""Make tests/database/dumps, the databases of earlier versions: `python -m scripts.old_databases [COMMIT…]`.

COMMITS lists the first commits with schemas that sites have had. The code of that commit makes the database: it
migrates, imports books, and serves pages to readers, who review, report and add second factors as far as that version
allows. The code is checked out into a temporary worktree; the server is a temporary one of today's version. The dumps
include the search's derived tables, except the table of letters, which is thirty times as large as everything else.
"""

import contextlib
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from flyleaf.config import PROJECT
from flyleaf.embedded import binaries
from tests.postgresql import Server, start_server

DUMPS = PROJECT / "tests" / "database" / "dumps"
COMMITS = (
    "4af4d4a", "11eec42", "8e064f3", "b269ff2", "bca7413", "bf40b3f", "0790224", "e7981a2", "d49bada", "05e95ee",
)  # fmt: skip
FILLER = Path(__file__).with_name("fill_old_database.py")
# All by authors who died more than a hundred years ago.
BOOKS = """\
isbn,title,author,year
0141439513,Pride and Prejudice,Jane Austen,1813
0141439580,Emma,Jane Austen,1815
0141439688,Persuasion,Jane Austen,1817
0140449132,Crime and Punishment,Fyodor Dostoyevsky,1866
0141439564,Great Expectations,Charles Dickens,1861
0141439602,A Tale of Two Cities,Charles Dickens,1859
0141439556,Wuthering Heights,Emily Brontë,1847
0142437174,Adventures of Huckleberry Finn,Mark Twain,1884
0142437247,"Moby-Dick, or The Whale",Herman Melville,1851
0140449124,Madame Bovary,Gustave Flaubert,1857
"""


def main() -> int:
    """Make the dumps of the commits named on the command line, or of all commits. Return the exit code."""
    DUMPS.mkdir(exist_ok=True)
    with contextlib.ExitStack() as stack:
        server = start_server()
        stack.callback(server.stop)
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        for number, commit in enumerate(COMMITS, 1):
            if sys.argv[1:] and commit not in sys.argv[1:]:
                continue
            _dump(server, commit, Path(folder, commit), DUMPS / f"{number}_{commit}.sql")
    return 0


def _dump(server: Server, commit: str, tree: Path, target: Path) -> None:
    name = f"of_{commit}"
    url = server.create_database(name)
    subprocess.run(["git", "worktree", "add", "--quiet", "--detach", tree, commit], cwd=PROJECT, check=True)
    try:
        (tree / "books_of_the_dump.csv").write_text(BOOKS, encoding="utf-8")
        environment = os.environ | {"PYTHONPATH": str(tree)}
        subprocess.run([sys.executable, FILLER, url, PROJECT], cwd=tree, env=environment, check=True)
    finally:
        subprocess.run(["git", "worktree", "remove", "--force", tree], cwd=PROJECT, check=True)
    program = binaries.find(None).folder / "pg_dump"
    options = ["--no-owner", "--no-privileges", "--inserts", "--rows-per-insert=100"]
    place = ["--host", str(server.sockets), "--port", "5432", "--username", "flyleaf", name]
    dump = subprocess.run(
        [program, *options, "--exclude-table-data=*.search_letters", *place], capture_output=True, text=True, check=True
    ).stdout
    target.write_text(_readable(dump, commit), encoding="utf-8")
    print(f"{target.relative_to(PROJECT)}: {target.stat().st_size:,} bytes")


def _readable(dump: str, commit: str) -> str:
    """Remove comments, psql's own commands, and settings that servers before version 17 don't know. The search's schema
    gets a name that is never today's, because its table of letters is left out."""
    lines = [
        line
        for line in dump.splitlines()
        if not re.match(r"--|\\(un)?restrict|SET transaction_timeout|COMMENT ON EXTENSION", line)
    ]
    text = re.sub("\n{3,}", "\n\n", "\n".join(lines)).strip()
    text = re.sub(r"search_[0-9a-f]{12}(?![0-9a-f])", "search_000000000000", text)
    return f"-- The database of commit {commit}, made by scripts/old_databases.py.\n\n{text}\n"


if __name__ == "__main__":
    sys.exit(main())
