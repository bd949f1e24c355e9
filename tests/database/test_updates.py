"""A site in use is updated from really running older code to this code, in either order: both answer all along.

The older code comes from the repository's history: `git archive` of the commits below, in temporary folders.
"""

import http.client
import os
import signal
import socket
import subprocess
import sys
import threading
import urllib.error
import urllib.parse
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any

import psutil
import pytest

from flyleaf.config import PROJECT
from flyleaf.database.migrate import head
from tests.database.conftest import SEARCH_IN_PUBLIC, connected
from tests.places import end_processes, eventually, open_folder
from tests.site import PASSWORD, hidden_fields

# The last commit before the search had a schema of its own, and the last before migration 0008.
COMMITS = ("2540bbe", "3deb862")
REVIEWED = "/books/0141439602/review"
# All that an update could change: when each object was made or changed, and the revision.
FINGERPRINT = """
    SELECT 'class', oid, CAST(xmin AS text) FROM pg_class WHERE oid >= 16384
     UNION ALL
    SELECT 'function', oid, CAST(xmin AS text) FROM pg_proc WHERE oid >= 16384
     UNION ALL
    SELECT version_num, 0, '' FROM alembic_version
     ORDER BY 1, 2
"""

pytestmark = pytest.mark.slow


class Program:
    """`python application.py` of the code in `tree`."""

    def __init__(self, tree: Path, data: Path, url: str) -> None:
        self.port = _free_port()
        self.process = subprocess.Popen(
            [sys.executable, "application.py"], cwd=tree, env=settings(data, url) | {"PORT": str(self.port)}, text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True,
        )  # fmt: skip

    def wait_until_served(self) -> "Program":
        """Return once the site has said its address; what it says from then on is read, so that it never waits."""
        assert self.process.stdout is not None
        assert self.process.stderr is not None
        for line in self.process.stdout:
            if f"http://127.0.0.1:{self.port}" in line:
                for said in (self.process.stdout, self.process.stderr):
                    threading.Thread(target=said.read, daemon=True).start()
                return self
        raise AssertionError(f"it ended: {self.process.communicate()}")

    def end(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(20)


class Browser:
    """A reader's browser, which keeps cookies and follows no redirect."""

    def __init__(self, port: int) -> None:
        self._address = f"http://127.0.0.1:{port}"
        self._opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()), _NoRedirects)

    def send(self, path: str, fields: dict[str, str] | None = None) -> tuple[int, str]:
        """Return the status and the text of the answer; 0 if there was none."""
        data = None if fields is None else urllib.parse.urlencode(fields).encode()
        try:
            with self._opener.open(self._address + path, data, timeout=30) as response:
                return response.status, response.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()
        except (OSError, http.client.HTTPException) as error:
            return 0, str(error)

    def submit(self, path: str, address: str | None = None, **fields: str) -> tuple[int, str]:
        """Open a page and send its form, to `address` or to the page's own."""
        status, page = self.send(path)
        return self.send(address or path, hidden_fields(page) | fields) if status == 200 else (status, page)

    def log_in(self, name: str) -> tuple[int, str]:
        return self.submit("/login", username=name, password=PASSWORD)


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        return None


class Crowd:
    """Readers who search, open a book, edit a review and log in, all the time; their answers are counted."""

    def __init__(self, program: Program) -> None:
        self.answers: Counter[tuple[str, int, str]] = Counter()
        self._port = program.port
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._act)

    def __enter__(self) -> "Crowd":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()

    def act_again(self) -> None:
        """Return once everything has been done twice from now on."""
        before = self.answers.total()
        assert eventually(lambda: self.answers.total() >= before + 12, seconds=60), self.answers

    def _act(self) -> None:
        while not self._done.is_set():
            reader = Browser(self._port)
            self._count("log in", reader.log_in("Alice"), "")
            self._count("search", reader.send("/search?q=emma"), "Emma")
            self._count("suggest", reader.send("/search/suggestions?q=emm"), "Emma")
            self._count("open a book", reader.send("/books/0141439580"), "Emma")
            self._count("edit a review", reader.submit(f"{REVIEWED}/edit", rating="4", text="Twice."), "")
            self._count("ask the API", reader.send("/api/0141439580"), "Emma")
            self._done.wait(0.2)

    def _count(self, action: str, answer: tuple[int, str], words: str) -> None:
        status, page = answer
        self.answers[(action, status, "" if words in page else "without what was asked for")] += 1


ANSWERS = {
    ("log in", 303, ""), ("search", 200, ""), ("suggest", 200, ""), ("open a book", 200, ""),
    ("edit a review", 303, ""), ("ask the API", 200, ""),
}  # fmt: skip

Start = Callable[[Path], Program]


@pytest.fixture(params=COMMITS)
def old_tree(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """The code of an older commit."""
    archive = subprocess.run(["git", "archive", request.param], cwd=PROJECT, capture_output=True, check=False)
    if archive.returncode:
        pytest.skip(f"this copy lacks commit {request.param}: git fetch --unshallow")
    tree = tmp_path / "old"
    tree.mkdir()
    subprocess.run(["tar", "-x"], cwd=tree, input=archive.stdout, check=True)
    return tree


@pytest.fixture
def url(old_database: Callable[[Path], str]) -> str:
    """A database with books and readers as the older code made it."""
    return old_database(SEARCH_IN_PUBLIC[-1])


@pytest.fixture
def data() -> Iterator[Path]:
    """The data folder that both share, with the sessions."""
    with open_folder() as folder:
        yield folder


@pytest.fixture
def start(data: Path, url: str) -> Iterator[Start]:
    programs = []

    def start(tree: Path) -> Program:
        programs.append(Program(tree, data, url))
        return programs[-1]

    yield start
    for program in programs:
        end_processes(data)
        with program.process:
            program.process.kill()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def settings(data: Path, url: str) -> dict[str, str]:
    address = url.replace("+psycopg2", "")
    return {**os.environ, "FLYLEAF_DATA": str(data), "DATABASE_URL": address, "WORKERS": "1", "SECRET_KEY": "x" * 40}


def migrate(data: Path, url: str) -> None:
    subprocess.run([sys.executable, "-m", "flyleaf", "migrate"], cwd=PROJECT, env=settings(data, url), check=True)


def rows(url: str, statement: str) -> list[tuple[Any, ...]]:
    with connected(url) as connection, connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchall()


def revision(url: str) -> str:
    [(found,)] = rows(url, "SELECT version_num FROM alembic_version")
    return str(found)


def review(program: Program) -> None:
    """Alice writes the review that she edits all the time."""
    alice = Browser(program.port)
    assert alice.log_in("Alice")[0] == 303
    assert alice.submit(REVIEWED.removesuffix("/review"), REVIEWED, rating="5", text="Once.")[0] == 303


def test_migrated_first_the_older_code_goes_on(old_tree: Path, start: Start, data: Path, url: str) -> None:
    old = start(old_tree).wait_until_served()
    review(old)
    assert revision(url) < head()
    with Crowd(old) as crowd:
        crowd.act_again()
        migrate(data, url)
        assert revision(url) == head()
        crowd.act_again()
        new = start(PROJECT).wait_until_served()
        with Crowd(new) as other:
            other.act_again()
            crowd.act_again()
    assert set(crowd.answers) == ANSWERS, "while it was migrated, and after it"
    assert set(other.answers) == ANSWERS
    assert old.end() == 0
    assert Browser(new.port).send("/readyz")[0] == 200


def test_started_first_the_newer_code_migrates_and_both_answer(
    old_tree: Path, start: Start, data: Path, url: str
) -> None:
    old = start(old_tree).wait_until_served()
    review(old)
    with Crowd(old) as crowd:
        crowd.act_again()
        new = start(PROJECT).wait_until_served()
        assert revision(url) == head()
        crowd.act_again()
    assert set(crowd.answers) == ANSWERS
    for writer, reader, book in ((old, new, "/books/0141439513"), (new, old, "/books/0141439564")):
        bob, bob_there = Browser(writer.port), Browser(reader.port)
        assert bob.log_in("Bob")[0] == bob_there.log_in("Bob")[0] == 303
        assert bob.submit(book, f"{book}/review", rating="3", text="Written in one.")[0] == 303
        assert "Written in one." in bob_there.send(book)[1]
    with Crowd(new) as crowd:
        assert old.end() == 0
        crowd.act_again()
    assert set(crowd.answers) == ANSWERS
    assert Browser(new.port).send("/readyz")[0] == 200


def test_older_code_that_is_started_later_stops_with_one_line(
    old_tree: Path, start: Start, data: Path, url: str
) -> None:
    start(old_tree).wait_until_served().end()
    migrate(data, url)
    before = rows(url, FINGERPRINT)
    old = start(old_tree)
    printed, said = old.process.communicate(timeout=60)
    assert (old.process.returncode, printed, said.count("\n")) == (1, "", 1)
    assert "run the newer version that made it" in said
    assert rows(url, FINGERPRINT) == before


def test_a_worker_that_is_replaced_goes_on_after_a_newer_version_has_migrated(
    start: Start, data: Path, url: str
) -> None:
    """The site was started before, so it does not stop with its worker."""
    program = start(PROJECT).wait_until_served()
    with connected(url) as connection, connection, connection.cursor() as cursor:
        cursor.execute("UPDATE alembic_version SET version_num = '0999'")
    [worker] = psutil.Process(program.process.pid).children()
    worker.kill()
    assert eventually(lambda: Browser(program.port).send("/api/0141439580")[0] == 200)
