"""The server comes with its first user, goes with its last, and comes back when it is killed."""

import signal
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from flyleaf.embedded import EmbeddedServerError, cluster
from flyleaf.embedded.client import Attachment
from flyleaf.embedded.folder import choose
from tests.embedded.conftest import KEPT, Attach, Client, execute
from tests.places import end_processes, eventually, processes_of

Start = Callable[[Path], Client]


def test_the_first_start_makes_a_database_with_letters_and_extensions(place: Path, attach_to: Attach) -> None:
    said: list[str] = []
    url = attach_to(place / "data", announce=said.append).url
    assert said == [f"Creating a PostgreSQL database in {place}/data/postgres"]
    for extension in ("btree_gin", "fuzzystrmatch", "pg_trgm", "unaccent"):
        execute(url, f"CREATE EXTENSION {extension}")
    assert execute(url, "SELECT cardinality(show_trgm('é')), lower('É'), 'z' < 'é' AND 'Z' < 'a'") == [(2, "é", True)]


def test_the_site_is_no_superuser(data: Path, attach_to: Attach) -> None:
    url = attach_to(data).url
    assert execute(url, "SELECT current_user::text, rolsuper FROM pg_roles WHERE rolname = current_user") == [
        ("flyleaf", False)
    ]


def test_nobody_else_can_look_in(data: Path, attach_to: Attach) -> None:
    attach_to(data)
    for folder in (data / "postgres", data / "run"):
        assert folder.stat().st_mode & 0o777 == 0o700
    assert data.stat().st_mode & 0o066 == 0


def test_two_users_share_it_and_the_last_one_ends_it(data: Path, attach_to: Attach) -> None:
    first, second = attach_to(data), attach_to(data)
    server = cluster.postmaster(data / "postgres")
    first.detach()
    assert execute(second.url, "SELECT 1") == [(1,)]
    assert cluster.postmaster(data / "postgres") == server
    second.detach()
    assert eventually(lambda: not processes_of(data), seconds=1)


def test_two_that_start_at_once_share_what_one_of_them_makes(place: Path, client: Start) -> None:
    one, other = client(place / "data"), client(place / "data")
    assert execute(one.url(), "SELECT 1") == execute(other.url(), "SELECT 1") == [(1,)]
    assert len([line for line in one.said + other.said if line.startswith("Creating")]) == 1
    one.stop()
    other.stop()
    assert eventually(lambda: not processes_of(place), seconds=1)


def test_the_keeper_of_a_killed_program_is_used_though_it_comes_late(
    data: Path, attach_to: Attach, monkeypatch: pytest.MonkeyPatch
) -> None:
    attach_to(data)
    late = Attachment(choose(data), None, print)
    answers = iter([False])  # at first: that keeper had not locked its file yet
    monkeypatch.setattr(late, "_keeper_lives", lambda: next(answers, True))
    late.start()
    assert execute(late.url, "SELECT 1") == [(1,)]
    monkeypatch.undo()
    late.detach()


def test_who_comes_while_it_stops_gets_a_new_one(data: Path, attach_to: Attach, client: Start) -> None:
    leaving = client(data)
    leaving.url()
    leaving.kill()  # the keeper notices within a tenth of a second, while we knock
    for _ in range(5):
        attachment = attach_to(data)
        assert execute(attachment.url, "SELECT 1") == [(1,)]
        attachment.detach()


def test_killed_users_leave_nothing_behind(data: Path, client: Start) -> None:
    clients = [client(data), client(data)]
    url, _ = (each.url() for each in clients)
    clients[0].kill()
    assert execute(url, "SELECT 1") == [(1,)]
    clients[1].kill()
    assert eventually(lambda: not processes_of(data))


def test_a_killed_keeper_loses_nothing_and_comes_back(data: Path, attach_to: Attach) -> None:
    attachment = attach_to(data)
    execute(attachment.url, KEPT)
    _keeper(data).kill()
    assert eventually(lambda: not cluster.answers(data / "run")), "the server went on without its keeper"
    assert eventually(lambda: _revives(attachment))
    assert execute(attachment.url, "SELECT answer FROM kept") == [(42,)]


def test_a_keeper_that_is_told_to_stop_shuts_down(data: Path, attach_to: Attach) -> None:
    attachment = attach_to(data)
    _keeper(data).send_signal(signal.SIGTERM)
    assert eventually(lambda: not processes_of(data))
    assert "database system is shut down" in (data / "run" / "server.log").read_text()
    attachment.ensure()
    assert execute(attachment.url, "SELECT 1") == [(1,)]


def test_a_killed_server_comes_back_with_every_row(data: Path, attach_to: Attach) -> None:
    attachment = attach_to(data)
    execute(attachment.url, KEPT)
    killed = cluster.postmaster(data / "postgres")
    assert killed is not None
    psutil.Process(killed).kill()
    assert eventually(lambda: cluster.postmaster(data / "postgres") not in (None, killed))
    assert execute(attachment.url, "SELECT answer FROM kept") == [(42,)]


def test_a_database_that_was_killed_while_it_was_made_is_made_anew(
    place: Path, client: Start, attach_to: Attach
) -> None:
    data = place / "data"
    starter = client(data)
    assert eventually(lambda: list(data.glob("postgres.unfinished-*/base")))
    end_processes(place)
    starter.process.communicate()
    assert not (data / "postgres").exists()
    assert execute(attach_to(data).url, "SELECT 1") == [(1,)]
    assert list(data.glob("postgres.unfinished-*")) == []


def test_a_database_of_another_version_is_left_alone(own_data: Path, attach_to: Attach) -> None:
    (own_data / "postgres" / "PG_VERSION").write_text("9\n")
    with pytest.raises(EmbeddedServerError, match=r"created by PostgreSQL 9 .* PG_BINDIR") as error:
        attach_to(own_data)
    assert "\n" not in str(error.value)
    assert eventually(lambda: not processes_of(own_data))


def test_what_keeps_the_server_from_starting_is_said(own_data: Path, attach_to: Attach) -> None:
    (own_data / "postgres" / "postgresql.conf").write_text("shared_buffers = plenty\n")
    with pytest.raises(EmbeddedServerError, match=r"doesn't start: configuration file .* errors") as error:
        attach_to(own_data)
    assert "\n" not in str(error.value)
    assert str(own_data / "run" / "server.log") in str(error.value)


def test_pgport_and_its_like_change_nothing(data: Path, attach_to: Attach, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGPORT", "1")
    monkeypatch.setenv("PGDATA", "/nowhere")
    monkeypatch.setenv("LC_ALL", "xx_XX.UTF-8")
    assert execute(attach_to(data).url, "SELECT 1") == [(1,)]


def _keeper(data: Path) -> psutil.Process:
    [keeper] = [process for process in processes_of(data) if _is_keeper(process)]
    return keeper


def _is_keeper(process: psutil.Process) -> bool:
    try:
        return "flyleaf.embedded.keeper" in process.cmdline()
    except psutil.NoSuchProcess:  # one of PostgreSQL's, which come and go
        return False


def _revives(attachment: object) -> bool:
    attachment.ensure()  # type: ignore[attr-defined]
    return cluster.answers(attachment.folder / "run")  # type: ignore[attr-defined]
