"""A folder for each test, and one with a database in it, which is made once."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg2
import pytest
from sqlalchemy import make_url

from flyleaf.embedded import Attachment, attach
from flyleaf.embedded.client import PROJECT
from tests.places import copy_folder, end_processes, open_folder

CLIENT = """
import json, sys
from pathlib import Path
from flyleaf.embedded import attach
attachment = attach(Path(sys.argv[1]), None, lambda line: print(json.dumps({"said": line}), flush=True))
print(json.dumps({"url": attachment.url}), flush=True)
sys.stdin.read()
"""

# A table to find again. Tests share a database, so an earlier one may have left it there.
KEPT = "DROP TABLE IF EXISTS kept; CREATE TABLE kept AS SELECT 42 AS answer"

Attach = Callable[..., Attachment]


@pytest.fixture
def place() -> Iterator[Path]:
    with open_folder() as folder:
        yield folder


@pytest.fixture(scope="session")
def made() -> Iterator[Path]:
    """A data folder whose database was made and shut down."""
    with open_folder() as folder:
        attach(folder / "data", None, print).detach()
        yield folder / "data"


@pytest.fixture
def data(made: Path) -> Iterator[Path]:
    """A data folder with a database, which nobody uses yet; the next test gets it, too, so leave it whole."""
    yield made
    end_processes(made)


@pytest.fixture
def own_data(place: Path, made: Path) -> Path:
    """A copy of it to spoil."""
    copy_folder(made, place / "data")
    return place / "data"


@pytest.fixture
def attach_to() -> Iterator[Attach]:
    """attach(), and detach() at the end."""
    attachments: list[Attachment] = []

    def attach_to(data: Path, bindir: Path | None = None, announce: Callable[[str], None] = print) -> Attachment:
        attachments.append(attach(data, bindir, announce))
        return attachments[-1]

    yield attach_to
    for attachment in attachments:
        attachment.detach()


class Client:
    """Another program that uses the database until it is killed or told to stop."""

    def __init__(self, data: Path) -> None:
        command = [sys.executable, "-c", CLIENT, str(data)]
        self.process = subprocess.Popen(
            command, cwd=PROJECT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True
        )
        self.said: list[str] = []

    def url(self) -> str:
        """Its address of the database, once it has that."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            answer = json.loads(line)
            if "url" in answer:
                return str(answer["url"])
            self.said.append(answer["said"])
        raise AssertionError("the client ended")

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate()

    def stop(self) -> None:
        self.process.communicate()


@pytest.fixture
def client() -> Iterator[Callable[[Path], Client]]:
    clients: list[Client] = []

    def start(data: Path) -> Client:
        clients.append(Client(data))
        return clients[-1]

    yield start
    for each in clients:
        if each.process.stdout and not each.process.stdout.closed:
            each.kill()


def execute(url: str, statement: str) -> list[tuple[Any, ...]]:
    """Run a statement; its rows."""
    address = make_url(url)
    connection = psycopg2.connect(
        host=address.query["host"], port=address.query["port"], user=address.username, dbname=address.database
    )
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute(statement)
            return cursor.fetchall() if cursor.description else []
    finally:
        connection.close()


def is_root() -> bool:
    return os.geteuid() == 0
