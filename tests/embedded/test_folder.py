"""Where the database goes: into the data folder, or where PostgreSQL's account can reach it; each time the same."""

import fcntl
import shutil
from pathlib import Path

import pytest

from flyleaf.embedded import EmbeddedServerError, account, folder
from tests.embedded.conftest import KEPT, Attach, execute, is_root


def test_a_path_too_long_for_a_socket_gets_a_short_private_one(own_data: Path, attach_to: Attach) -> None:
    long = own_data.with_name("long" * 30)
    own_data.rename(long)
    chosen = folder.choose(long)
    try:
        url = attach_to(long).url
        assert f"host=/tmp/flyleaf-{chosen.account.uid}-" in url
        assert execute(url, "SELECT 1") == [(1,)]
        assert chosen.sockets.stat().st_mode & 0o777 == 0o700
        assert chosen.sockets.stat().st_uid == chosen.account.uid
        assert attach_to(long).url == url
    finally:
        shutil.rmtree(chosen.sockets)


@pytest.mark.parametrize("name", ["comma,comma", 'quo"te', "new\nline"])
def test_a_path_that_an_address_can_not_hold_gets_a_short_one_too(place: Path, name: str) -> None:
    chosen = folder.choose(place / name)
    assert chosen.sockets.parent == folder.SHORT
    chosen.sockets.rmdir()


def test_a_path_with_letters_and_signs_works(own_data: Path, attach_to: Attach) -> None:
    odd = own_data.with_name("Bücher & 100% = #1?")
    own_data.rename(odd)
    assert execute(attach_to(odd).url, "SELECT 1") == [(1,)]


def test_a_squatter_is_not_trusted(place: Path) -> None:
    long = place / ("long" * 30)
    sockets = folder.Folder(long, account.unprivileged()).sockets
    (place / "elsewhere").mkdir()
    sockets.symlink_to(place / "elsewhere")
    try:
        with pytest.raises(EmbeddedServerError, match=str(sockets)):
            folder.choose(long)
    finally:
        sockets.unlink()


def test_a_folder_out_of_reach(place: Path, attach_to: Attach, monkeypatch: pytest.MonkeyPatch) -> None:
    """As root the database goes elsewhere, and one is told; anybody else is told what to do."""
    closed = place / "closed"
    closed.mkdir(mode=0o500)
    if not is_root():
        with pytest.raises(EmbeddedServerError, match=r"Permission denied.*set FLYLEAF_DATA") as error:
            attach_to(closed / "data")
        assert "\n" not in str(error.value)
        return
    monkeypatch.setattr(folder, "FALLBACK", place / "fallback")
    said: list[str] = []
    first = attach_to(closed / "data", announce=said.append)
    execute(first.url, KEPT)
    assert first.folder.parent == place / "fallback"
    assert said[0].startswith(f"The database is in {first.folder}, because ")
    assert not (closed / "data" / "run").exists()
    first.detach()
    # The same at each start, also where the folder has become reachable.
    closed.chmod(0o755)
    assert execute(attach_to(closed / "data").url, "SELECT answer FROM kept") == [(42,)]


def test_a_file_in_the_way_is_named(place: Path, attach_to: Attach) -> None:
    (place / "data").write_text("")
    with pytest.raises(EmbeddedServerError, match=f"can't be kept in {place}/data"):
        attach_to(place / "data")


def test_two_data_folders_have_two_fallbacks() -> None:
    assert folder.fallback(Path("/root/a/instance")) != folder.fallback(Path("/root-a/instance"))
    assert folder.fallback(Path("/root/a")).name.startswith("root-a-")


def test_locks_exclude_and_share(place: Path) -> None:
    chosen = folder.choose(place / "data")
    with (
        chosen.locked("x.lock", fcntl.LOCK_SH, 0) as one,
        chosen.locked("x.lock", fcntl.LOCK_SH, 0) as two,
    ):
        assert one
        assert two
        with chosen.locked("x.lock", fcntl.LOCK_EX, 0.05) as alone:
            assert not alone
    with chosen.locked("x.lock", fcntl.LOCK_EX, 0) as alone:
        assert alone
