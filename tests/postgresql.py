"""The tests' own PostgreSQL: testing.postgresql with the programs and the account of the embedded server.

It forgets everything at the end and doesn't wait for the disk. Tests log in as the role that the site has, which isn't
a superuser, so that a statement that needs more rights fails here, too.
"""

import contextlib
import os
import signal
import sys
import tempfile
from pathlib import Path
from typing import Any, ClassVar

import psycopg2
from testing.postgresql import Postgresql

from flyleaf.embedded import account, binaries, cluster, parent

ROLE = "flyleaf"


class Server(Postgresql):  # type: ignore[misc]
    """A server in a temporary folder, reached through a socket there; gone with the process that made it."""

    more: ClassVar[dict[str, str]] = {}  # of PostgreSQL's settings

    def initialize(self) -> None:
        self.account = account.unprivileged()
        folder = Path(self.base_dir)
        self.account.own(folder)
        found = binaries.find(None)
        self.programs = binaries.for_account(found, self.account, folder / "programs")
        # The port is a part of the socket's name only: nothing listens on the network.
        self.settings["port"] = 5432

    def initialize_database(self) -> None:
        for name in self.subdirectories:
            self.account.own(Path(self.base_dir, name))
        cluster.initialize(Path(self.get_data_directory()), self.account, self.programs, "--no-sync")

    def get_server_commandline(self) -> list[str]:
        groups = os.getgrouplist(self.account.name, self.account.gid)
        # testing.postgresql starts it by this line alone, so the change of account is a part of it.
        become = [sys.executable, "-P", parent.__file__, str(self.account.uid), str(self.account.gid)]
        return [
            *become,
            ",".join(map(str, groups)),
            *cluster.command(
                Path(self.get_data_directory()), self.programs, self.sockets,
                fsync="off", synchronous_commit="off", full_page_writes="off", shared_buffers="64MB",
                autovacuum="off", max_connections="200", log_error_verbosity="default", **self._copying(), **self.more,
            ),
        ]  # fmt: skip

    def _copying(self) -> dict[str, str]:
        """Return the setting that lets the kernel copy the files of a template, where PostgreSQL knows it."""
        return {"file_copy_method": "clone"} if self.programs.major >= 18 else {}

    @property
    def sockets(self) -> Path:
        return Path(self.base_dir, "tmp")

    def is_server_available(self) -> bool:
        ready = cluster.postmaster(Path(self.get_data_directory())) is not None
        return ready and cluster.answers(self.sockets)

    def poststart(self) -> None:
        for role in (ROLE, cluster.SITE_ROLE):
            self._execute(f"CREATE ROLE {role} LOGIN")
        self._execute(f"GRANT pg_signal_backend TO {ROLE}")  # for tests that cut the site's connections

    def terminate(self, *_args: Any) -> None:
        super(Postgresql, self).terminate(signal.SIGINT)  # fast: open connections are not waited for

    def url(self, database: str, role: str = ROLE) -> str:
        """SQLAlchemy's address of the database, as the owner of its tables."""
        return f"postgresql+psycopg2://{role}@/{database}?host={self.sockets}&port=5432"

    def site_url(self, database: str) -> str:
        """The same as the role that pages run as."""
        return self.url(database, cluster.SITE_ROLE)

    def create_database(self, name: str, template: str | None = None, encoding: str | None = None) -> str:
        """Make a database, a copy of `template` if given, and return its URL. Nobody may use the template meanwhile."""
        by_files = " STRATEGY file_copy" if self.programs.major >= 15 else ""  # ten times as fast as through the log
        copy = f' TEMPLATE "{template}"{by_files}' if template else by_files
        if encoding:
            copy = f" TEMPLATE template0 ENCODING '{encoding}' LC_COLLATE 'C' LC_CTYPE 'C'"
        self._execute(f'CREATE DATABASE "{name}" OWNER {ROLE}{copy}')
        return self.url(name)

    def drop_database(self, name: str) -> None:
        """Drop it, and whoever is connected to it."""
        self._execute(f'DROP DATABASE "{name}" WITH (FORCE)')

    def connect(self, database: str) -> Any:
        """A connection as the superuser; the driver's own."""
        return psycopg2.connect(host=str(self.sockets), port=5432, user=cluster.SUPERUSER, dbname=database)

    def _execute(self, statement: str) -> None:
        with contextlib.closing(self.connect("postgres")) as connection:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute(statement)


class Primary(Server):
    """A server that has standbys."""

    more: ClassVar[dict[str, str]] = {"wal_level": "replica", "max_wal_senders": "10"}


def start_server(kind: type[Server] = Server) -> Server:
    """A running server without databases of ours; `stop()` ends it and removes its folder."""
    # pytest's tmp_path is closed to other accounts and, under macOS, too long for a socket.
    folder = tempfile.mkdtemp(prefix="flyleaf-", dir="/tmp")
    server = kind(base_dir=folder)
    server._use_tmpdir = True  # so that stop() removes it
    return server
