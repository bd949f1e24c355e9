"""A disk with too little space is noticed before anything is written, and named when the server doesn't start."""

import shutil
from collections import namedtuple
from collections.abc import Callable
from pathlib import Path

import pytest

from flyleaf.embedded import EmbeddedServerError, binaries, cluster, folder, keeper
from flyleaf.embedded.keeper import FIRST_MEGABYTES, Keeper
from flyleaf.embedded.log import Log
from flyleaf.embedded.server import Server

MB = 2**20
Usage = namedtuple("Usage", "total used free")


@pytest.fixture
def free(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Let the disks have this many megabytes."""

    def set_free(megabytes: int) -> None:
        monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(0, 0, megabytes * MB))

    return set_free


def test_a_first_start_says_how_much_space_it_needs(place: Path, free: Callable[[int], None]) -> None:
    """With 60 MB it took a minute and ended in "server closed the connection unexpectedly"."""
    free(60)
    with pytest.raises(
        EmbeddedServerError, match=rf"needs {FIRST_MEGABYTES} MB in {place}/data, and only 60 MB are free"
    ):
        Keeper(folder.choose(place / "data")).start(None)
    assert [path.name for path in (place / "data").iterdir()] == ["run"]


def test_an_existing_database_needs_no_more_space(
    own_data: Path, free: Callable[[int], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    free(60)
    monkeypatch.setattr(Server, "start", lambda _: None)
    assert isinstance(Keeper(folder.choose(own_data)).start(None), Server)


def test_a_full_disk_is_named_when_the_server_does_not_start(own_data: Path, free: Callable[[int], None]) -> None:
    free(3)
    (own_data / "postgres" / "postgresql.conf").write_text("shared_buffers = plenty\n")
    chosen = folder.choose(own_data)
    programs = binaries.for_account(binaries.find(None), chosen.account, chosen.programs)
    log = Log(chosen.open(chosen.log.name), chosen.log)
    with pytest.raises(EmbeddedServerError, match=r"errors. Only 3 MB are free there: free some space"):
        Server(chosen.cluster, programs, chosen.account, chosen.sockets, log).start()


@pytest.mark.parametrize(("megabytes", "limit"), [(100_000, "4096MB"), (2_000, "500MB"), (10, "64MB")])
def test_the_write_ahead_log_leaves_space_on_a_small_disk(
    place: Path, free: Callable[[int], None], megabytes: int, limit: str
) -> None:
    free(megabytes)
    assert f"max_wal_size={limit}" in cluster.command(place, binaries.find(None), place)


def test_a_new_database_fits_on_a_disk_that_has_what_is_asked_for(place: Path, free: Callable[[int], None]) -> None:
    free(FIRST_MEGABYTES)
    keeper.require_space(place, FIRST_MEGABYTES)
