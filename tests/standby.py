"""Real standbys of a primary, made by PostgreSQL's own pg_basebackup."""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg2
import pytest

from flyleaf.embedded import cluster, parent
from tests.postgresql import Primary, Server

SECONDS = 30.0  # that a test waits for a server, which takes milliseconds


class Standby:
    """A standby, reached through a socket in a folder of its own."""

    def __init__(self, primary: Server) -> None:
        self._primary = primary
        self.account = primary.account
        self.sockets = Path(tempfile.mkdtemp(prefix="standby-", dir="/tmp"))
        primary.account.own(self.sockets)
        self._data = self.sockets / "data"
        self._log = self.sockets / "log"
        program = Path(primary.programs.postgres).with_name("pg_basebackup")
        if not program.exists():
            pytest.skip(f"{program} is missing")
        arguments = ["-D", str(self._data), "-h", str(primary.sockets), "-p", "5432", "-U", cluster.SUPERUSER]
        subprocess.run(
            [program, *arguments, "-R", "-X", "stream", "-c", "fast", "--no-sync"],
            check=True, capture_output=True, cwd="/", **primary.account.child(),
        )  # fmt: skip

    def start(self) -> None:
        account = self._primary.account
        settings = {"fsync": "off", "max_connections": "200", "max_standby_streaming_delay": "500ms", **Primary.more}
        line = cluster.command(self._data, self._primary.programs, self.sockets, **settings)
        become = [sys.executable, "-P", parent.__file__, str(account.uid), str(account.gid), str(account.gid)]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen([*become, *line], stdout=log, stderr=log, cwd="/")
        wait_until(self._answers)

    def stop(self) -> None:
        self._process.send_signal(signal.SIGINT)
        self._process.wait(SECONDS)

    def remove(self) -> None:
        if self._process.poll() is None:
            self.stop()
        shutil.rmtree(self.sockets)

    @contextlib.contextmanager
    def frozen(self) -> Iterator[None]:
        """Nothing answers any more, although connections stay open."""
        processes = [self._process.pid, *_children(self._process.pid)]
        for process in processes:
            os.kill(process, signal.SIGSTOP)
        try:
            yield
        finally:
            for process in processes:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(process, signal.SIGCONT)

    @contextlib.contextmanager
    def paused(self) -> Iterator[None]:
        """It receives what the primary writes, and doesn't show it."""
        self.ask("SELECT pg_wal_replay_pause()")
        wait_until(lambda: self.ask("SELECT pg_get_wal_replay_pause_state()") == "paused")
        try:
            yield
        finally:
            self.ask("SELECT pg_wal_replay_resume()")

    def url(self, database: str, role: str = cluster.SITE_ROLE) -> str:
        return f"postgresql+psycopg2://{role}@/{database}?host={self.sockets}&port=5432"

    def ask(self, statement: str, database: str = "postgres") -> Any:
        """The one value of a statement of the superuser's."""
        with contextlib.closing(
            psycopg2.connect(host=str(self.sockets), port=5432, user=cluster.SUPERUSER, dbname=database)
        ) as connection:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute(statement)
                [value] = cursor.fetchone() or [None]
                return value

    def catch_up(self) -> None:
        """Wait until it shows all that the primary has."""
        with contextlib.closing(self._primary.connect("postgres")) as connection, connection.cursor() as cursor:
            cursor.execute("SET synchronous_commit = on; SELECT pg_logical_emit_message(true, 'test', '')")
            connection.commit()
            cursor.execute("SELECT CAST(pg_current_wal_flush_lsn() AS text)")
            [written] = cursor.fetchone()
        wait_until(lambda: self.ask(f"SELECT pg_last_wal_replay_lsn() >= '{written}'"))

    def log(self) -> str:
        return self._log.read_text()

    def _answers(self) -> bool:
        try:
            return bool(self.ask("SELECT pg_is_in_recovery()"))
        except psycopg2.OperationalError:
            return False


def wait_until(is_so: Any) -> None:
    deadline = time.monotonic() + SECONDS
    while not is_so():
        assert time.monotonic() < deadline, "it took too long"
        time.sleep(0.02)


def _children(process: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{process}/task/{process}/children").read_text().split()]
