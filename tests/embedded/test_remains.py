"""What a power failure, a full disk, a copy or a kill leaves behind doesn't keep the next start from its database."""

import contextlib
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import psycopg2
import pytest
from sqlalchemy import make_url

from flyleaf.embedded import EmbeddedServerError, binaries, cluster, folder, remains
from flyleaf.embedded.account import Account
from flyleaf.embedded.parent import end_with_parent
from tests.embedded.conftest import KEPT, Attach, Client, execute
from tests.places import copy_folder, eventually, processes_of

# Lines 1, 2 and 5 matter: the process, the directory, the socket's folder.
LOCK_FILE = "{pid}\n{directory}\n1700000000\n5432\n{sockets}\n\n  1234567         9\nready   \n"


class ServerByHand:
    """A server that was started without a keeper, and without the lock."""

    def __init__(self, data: Path, sockets: Path, account: Account) -> None:
        programs = binaries.for_account(binaries.find(None), account, data / "programs")
        self.sockets = sockets
        self.process = subprocess.Popen(
            cluster.command(data / "postgres", programs, sockets),
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            cwd="/", env=cluster.ENVIRONMENT, preexec_fn=end_with_parent, **account.child(),
        )  # fmt: skip

    def __enter__(self) -> int:
        assert eventually(lambda: cluster.answers(self.sockets))
        return self.process.pid

    def __exit__(self, *_: object) -> None:
        self.process.send_signal(signal.SIGINT)
        self.process.wait(20)


@pytest.fixture
def stranger(own_data: Path) -> Iterator[int]:
    """A living process of PostgreSQL's account that is no PostgreSQL, and even stays in the database's directory."""
    process = subprocess.Popen(["sleep", "300"], cwd=own_data / "postgres", **_account(own_data).child())
    yield process.pid
    process.kill()
    process.wait()


@pytest.mark.parametrize(
    "content", [b"", b"\0" * 100, b"not a number\n", b"-\n", b"1", b"99999999999999999999\n", "ç".encode("latin-1")]
)
def test_a_lock_file_that_a_full_disk_left_is_replaced(own_data: Path, attach_to: Attach, content: bytes) -> None:
    _leave(own_data, "postgres/postmaster.pid", content)
    _leave(own_data, "run/.s.PGSQL.5432.lock", content)
    assert execute(attach_to(own_data).url, "SELECT 1") == [(1,)]


def test_a_lock_file_with_the_number_of_another_program_is_replaced(
    own_data: Path, attach_to: Attach, stranger: int
) -> None:
    text = LOCK_FILE.format(pid=stranger, directory=own_data / "postgres", sockets=own_data / "run")
    _leave(own_data, "postgres/postmaster.pid", text.encode())
    _leave(own_data, "run/.s.PGSQL.5432.lock", text.encode())
    assert execute(attach_to(own_data).url, "SELECT 1") == [(1,)]
    assert psutil.Process(stranger).is_running()


def test_a_lock_file_with_the_number_of_another_postgresql_is_replaced(
    data: Path, own_data: Path, attach_to: Attach
) -> None:
    other = attach_to(data)
    copy_folder(data / "postgres" / "postmaster.pid", own_data / "postgres" / "postmaster.pid")
    assert execute(attach_to(own_data).url, "SELECT 1") == [(1,)]
    assert execute(other.url, "SELECT 1") == [(1,)]


def test_a_copy_of_a_running_database_starts_beside_it_with_a_warning(
    own_data: Path, place: Path, attach_to: Attach
) -> None:
    original = attach_to(own_data)
    execute(original.url, KEPT)
    copy_folder(own_data, place / "copy")
    said: list[str] = []
    copy = attach_to(place / "copy", announce=said.append)
    assert execute(copy.url, "SELECT answer FROM kept") == [(42,)]
    assert said == [
        f"{place}/copy/postgres was copied or moved from {own_data}/postgres without shutting its server down. A copy "
        "made while the site was running can be damaged: use python -m flyleaf backup and restore instead."
    ]
    assert execute(original.url, "SELECT answer FROM kept") == [(42,)]


@pytest.mark.parametrize("content", [None, "", "\n", "\0\0\0"])
def test_a_version_that_was_lost_is_found_again(own_data: Path, attach_to: Attach, content: str | None) -> None:
    version = own_data / "postgres" / "PG_VERSION"
    before = version.read_text()
    if content is None:
        version.unlink()
    else:
        version.write_text(content)
    assert execute(attach_to(own_data).url, "SELECT 1") == [(1,)]
    assert version.read_text() == before


def test_an_empty_directory_is_no_database(place: Path, attach_to: Attach) -> None:
    (place / "data" / "postgres").mkdir(parents=True)
    assert execute(attach_to(place / "data").url, "SELECT 1") == [(1,)]


def test_a_directory_with_something_else_is_left_alone(place: Path, attach_to: Attach) -> None:
    (place / "data" / "postgres").mkdir(parents=True)
    (place / "data" / "postgres" / "notes").write_text("mine")
    with pytest.raises(EmbeddedServerError, match=r"is no PostgreSQL database.*move it away") as error:
        attach_to(place / "data")
    assert "\n" not in str(error.value)
    assert (place / "data" / "postgres" / "notes").read_text() == "mine"


def test_a_server_that_somebody_else_started_is_named(own_data: Path, place: Path, attach_to: Attach) -> None:
    account = _account(own_data)
    (place / "sockets").mkdir()
    account.own(place / "sockets")
    with ServerByHand(own_data, place / "sockets", account) as pid:
        with pytest.raises(EmbeddedServerError, match=rf"Another program runs PostgreSQL.*kill {pid}\)") as error:
            attach_to(own_data)
        assert "\n" not in str(error.value)
        assert cluster.answers(place / "sockets")
    assert execute(attach_to(own_data).url, "SELECT 1") == [(1,)]


def test_a_server_whose_keeper_was_killed_is_replaced(own_data: Path, attach_to: Attach) -> None:
    """As an earlier version left it on a system where the kernel doesn't end it: without the lock."""
    with ServerByHand(own_data, own_data / "run", _account(own_data)) as pid:
        assert execute(attach_to(own_data).url, "SELECT 1") == [(1,)]
        assert cluster.postmaster(own_data / "postgres") != pid


def test_a_busy_process_of_a_killed_server_is_ended(own_data: Path, client: Callable[[Path], Client]) -> None:
    address = make_url(client(own_data).url())
    connection = psycopg2.connect(
        host=address.query["host"], port=address.query["port"], user="flyleaf", dbname="flyleaf"
    )
    backend = psutil.Process(connection.info.backend_pid)
    backend.suspend()  # it doesn't notice that its postmaster is gone, like one in the midst of a long computation
    for process in processes_of(own_data):
        if process != backend:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
    assert execute(client(own_data).url(), "SELECT 1") == [(1,)]
    assert eventually(lambda: not backend.is_running())


def test_of_processes_only_postgresql_in_that_directory_counts(data: Path, attach_to: Attach, stranger: int) -> None:
    assert remains.processes(data / "postgres") == []
    attach_to(data)
    found = remains.processes(data / "postgres")
    assert [one.pid for one in found if one.is_postmaster] == [cluster.postmaster(data / "postgres")]
    assert len(found) > 3
    assert stranger not in [one.pid for one in found]
    assert remains._found_by_ps(data / "postgres") == [one for one in found if one.is_postmaster]


@pytest.mark.parametrize("moment", [0.0, 0.1, 0.2, 0.4, 0.8])
def test_a_start_over_a_killed_one_succeeds(place: Path, client: Callable[[Path], Client], moment: float) -> None:
    data = place / "data"
    first = client(data)
    assert eventually((data / "run" / "keeper.lock").exists)
    eventually(lambda: False, seconds=moment)
    first.kill()
    second = client(data)
    assert execute(second.url(), "SELECT 1") == [(1,)]
    second.stop()
    assert eventually(lambda: not processes_of(data))


def _account(data: Path) -> Account:
    return folder.choose(data).account


def _leave(data: Path, name: str, content: bytes) -> None:
    (data / name).write_bytes(content)
    _account(data).own(data / name)
