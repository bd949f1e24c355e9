"""A real PgBouncer in front of the tests' server. Tests that need it are skipped if it isn't installed."""

import contextlib
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg2
import pytest
from sqlalchemy import make_url

from tests.postgresql import Server
from tests.standby import Standby

PORT = 6432  # a part of the socket's name only
SECONDS = 10.0  # to start

SETTINGS = """
[databases]
* = host={sockets} port=5432
[pgbouncer]
listen_addr =
listen_port = {port}
unix_socket_dir = {folder}
auth_type = trust
auth_file = {folder}/users
pool_mode = {mode}
default_pool_size = {pool}
admin_users = flyleaf
logfile = {folder}/log
pidfile = {folder}/pid
"""


class PgBouncer:
    """A running pooler, which shares `pool` of its connections among all clients of a database and role."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def url(self, url: str) -> str:
        """Return the address through the pooler of what is at this address of the server."""
        through = make_url(url).update_query_dict({"host": str(self.folder), "port": str(PORT)})
        return through.render_as_string(hide_password=False)

    def answers(self) -> bool:
        try:
            psycopg2.connect(host=str(self.folder), port=PORT, user="flyleaf", dbname="pgbouncer").close()
        except psycopg2.OperationalError:
            return False
        return True


@contextlib.contextmanager
def pgbouncer(server: Server | Standby, mode: str = "transaction", pool: int = 2) -> Iterator[PgBouncer]:
    program = shutil.which("pgbouncer", path="/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin:/opt/homebrew/bin")
    if program is None:
        pytest.skip("PgBouncer is not installed (apt-get install pgbouncer)")
    folder = Path(tempfile.mkdtemp(prefix="pgbouncer-", dir="/tmp"))
    (folder / "settings").write_text(
        SETTINGS.format(sockets=server.sockets, port=PORT, folder=folder, mode=mode, pool=pool)
    )
    (folder / "users").write_text("".join(f'"{role}" ""\n' for role in ("flyleaf", "flyleaf_site")))
    account = server.account
    account.own(folder)
    # It refuses to run as root, as PostgreSQL does.
    process = subprocess.Popen([program, "-q", str(folder / "settings")], cwd="/", **account.child())
    pooler = PgBouncer(folder)
    try:
        deadline = time.monotonic() + SECONDS
        while not pooler.answers():
            assert process.poll() is None, (folder / "log").read_text()
            assert time.monotonic() < deadline, "PgBouncer doesn't answer"
            time.sleep(0.05)
        yield pooler
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(SECONDS)
        shutil.rmtree(folder)
