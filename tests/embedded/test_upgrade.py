"""A database that an older PostgreSQL has made comes to a newer one by itself, whatever happens meanwhile."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from flyleaf.config import Config
from flyleaf.database.connect import open_database
from flyleaf.embedded import EmbeddedServerError, binaries, cluster, folder, upgrade
from flyleaf.embedded.binaries import Binaries
from flyleaf.search import SearchQuery, search_books
from tests.embedded.conftest import Attach, Client, execute
from tests.places import copy_folder, end_processes, eventually, open_folder, processes_of

NEWEST = binaries.find(None)


def _older() -> Binaries | None:
    """Another PostgreSQL of this machine, older than the one that Flyleaf brings."""
    for path in sorted(binaries.DEBIAN.glob("*/bin")):
        try:
            found = binaries.find(path)
        except EmbeddedServerError:
            continue
        if found.major < NEWEST.major:
            return found
    return None


OLDER = _older()
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        OLDER is None, reason=f"no PostgreSQL older than {NEWEST.major} (apt-get install postgresql-15)"
    ),
]
BOOK = "INSERT INTO books (isbn, title, author) VALUES ('0441172717', 'Dune', 'Frank Herbert')"

READER = "INSERT INTO readers (name, name_key, password_hash) VALUES ('Alice', 'alice', 'x')"
SESSION = "INSERT INTO sessions (id_hash, reader_id) SELECT decode(repeat('00', 32), 'hex'), id FROM readers"


@pytest.fixture(scope="module")
def old_site() -> Iterator[Path]:
    """A site's data folder, made by the older PostgreSQL, with a book and a reader who has a session."""
    assert OLDER is not None
    with open_folder() as place:
        data = place / "data"
        config = Config(data=data, pg_bindir=OLDER.folder)
        with open_database(config, print) as database, database.transaction() as connection:
            for statement in (BOOK, READER, SESSION):
                connection.execute(text(statement))
        assert eventually(lambda: not processes_of(data))
        yield data


@pytest.fixture
def old_data(place: Path, old_site: Path) -> Path:
    copy_folder(old_site, place / "data")
    return place / "data"


def version(data: Path) -> int | None:
    return cluster.major_version(data / "postgres")


def test_the_start_upgrades_it_and_keeps_the_old_one(old_data: Path, attach_to: Attach) -> None:
    assert OLDER is not None
    said: list[str] = []
    with open_database(Config(data=old_data), said.append) as database, database.transaction() as connection:
        server = connection.execute(text("SELECT current_setting('server_version_num')::int / 10000")).scalar()
        assert server == NEWEST.major
        assert [found.title for found in search_books(connection, SearchQuery("dune herbert")).results] == ["Dune"]
        assert connection.execute(text("SELECT count(*) FROM sessions")).scalar() == 1
        # What an update of Flyleaf may have to do: all is the site's own.
        assert connection.execute(text("SELECT count(*) FROM pg_extension WHERE extowner <> 10")).scalar_one() >= 3
        connection.execute(text("INSERT INTO books (isbn, title) VALUES ('0141439580', 'Emma')"))
        assert [found.title for found in search_books(connection, SearchQuery("emma")).results] == ["Emma"]
    kept = old_data / f"postgres-{OLDER.major}.old"
    assert said[0].startswith(f"Upgrading the database from PostgreSQL {OLDER.major} to {NEWEST.major}.")
    assert str(kept) in said[1]
    assert cluster.major_version(kept) == OLDER.major
    assert version(old_data) == NEWEST.major
    assert {path.name for path in old_data.iterdir()} <= {"postgres", kept.name, "run", "programs"}


def test_pg_bindir_goes_on_with_the_older_one(old_data: Path, attach_to: Attach) -> None:
    assert OLDER is not None
    url = attach_to(old_data, OLDER.folder).url
    assert execute(url, "SELECT title FROM books") == [("Dune",)]
    assert version(old_data) == OLDER.major


def test_an_earlier_old_one_is_kept_too(old_data: Path, attach_to: Attach) -> None:
    assert OLDER is not None
    earlier = old_data / f"postgres-{OLDER.major}.old"
    earlier.mkdir()
    (earlier / "precious").write_text("x")
    attach_to(old_data)
    assert (earlier / "precious").read_text() == "x"
    assert cluster.major_version(earlier.with_name(f"{earlier.name}-2")) == OLDER.major


def test_killed_while_it_copies_it_begins_anew(old_data: Path, client: object, attach_to: Attach) -> None:
    starter: Client = client(old_data)  # type: ignore[operator]
    assert eventually(lambda: list(old_data.glob("postgres.upgrading-*/base")), seconds=60)
    end_processes(old_data)
    starter.process.communicate()
    assert execute(attach_to(old_data).url, "SELECT title FROM books") == [("Dune",)]
    assert version(old_data) == NEWEST.major
    assert list(old_data.glob("postgres.upgrading-*")) == []


@pytest.mark.parametrize("renames", [0, 1, 2])
def test_killed_at_a_rename_it_recovers(
    old_data: Path, attach_to: Attach, monkeypatch: pytest.MonkeyPatch, renames: int
) -> None:
    """After so many of the three renames."""
    left = renames

    def rename(path: Path, target: Path) -> None:
        nonlocal left
        if not left:
            raise KeyboardInterrupt
        left -= 1
        path.rename(target)

    monkeypatch.setattr(upgrade, "_rename", rename)
    with pytest.raises(KeyboardInterrupt):
        _upgrade(old_data)
    monkeypatch.undo()
    assert folder.choose(old_data).database is not None
    assert execute(attach_to(old_data).url, "SELECT title FROM books") == [("Dune",)]
    assert version(old_data) == NEWEST.major
    assert len(list(old_data.glob("postgres-*.old*"))) == 1
    assert not (old_data / "postgres.upgraded").exists()


def test_what_was_written_since_an_interrupted_upgrade_stays(
    old_data: Path, attach_to: Attach, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its copy was complete, and the older PostgreSQL was used once more."""
    assert OLDER is not None
    shutil.copytree(old_data / "postgres", old_data / "postgres.upgraded")
    attachment = attach_to(old_data, OLDER.folder)
    execute(attachment.url, "UPDATE books SET title = 'Arrakis'")
    attachment.detach()
    assert execute(attach_to(old_data).url, "SELECT title FROM books") == [("Arrakis",)]


def test_a_failure_leaves_it_as_it_was(old_data: Path, attach_to: Attach) -> None:
    """A function that only a superuser may make is not the site's, and the site's role brings everything over."""
    assert OLDER is not None
    attachment = attach_to(old_data, OLDER.folder)
    chosen = folder.choose(old_data)
    _as_superuser(chosen, "CREATE FUNCTION leave() RETURNS int LANGUAGE c AS '$libdir/pg_trgm', 'show_trgm'")
    attachment.detach()
    with pytest.raises(EmbeddedServerError, match=r"is unchanged\. .*permission denied.* Set PG_BINDIR=") as refusal:
        attach_to(old_data)
    assert "\n" not in str(refusal.value)
    assert version(old_data) == OLDER.major
    assert list(old_data.glob("postgres.up*")) == []
    assert execute(attach_to(old_data, OLDER.folder).url, "SELECT title FROM books") == [("Dune",)]


def test_a_full_disk_is_reported_before_anything_is_done(old_data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.statvfs(old_data)

    class Full:
        f_bavail, f_frsize = 10, real.f_frsize

    monkeypatch.setattr("flyleaf.embedded.upgrade.os.statvfs", lambda _: Full)
    with pytest.raises(EmbeddedServerError, match="free some space"):
        _upgrade(old_data)
    assert version(old_data) != NEWEST.major


def _upgrade(data: Path) -> None:
    """What the keeper does."""
    from flyleaf.embedded.log import Log

    assert OLDER is not None
    chosen = folder.choose(data)
    old, new = (binaries.for_account(one, chosen.account, chosen.programs) for one in (OLDER, NEWEST))
    upgrade.upgrade(chosen, old, new, Log(chosen.open(chosen.log.name), chosen.log), print)


def _as_superuser(chosen: folder.Folder, statement: str) -> None:
    import psycopg2

    connection = psycopg2.connect(
        host=str(chosen.sockets), port=folder.PORT, user=cluster.SUPERUSER, dbname=cluster.DATABASE
    )
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute(statement)
    connection.close()
