"""A backup's file: private, whole or not there, and never in the place of another one."""

import os
from pathlib import Path

import pytest

from flyleaf.backup.archive import BackupError
from flyleaf.backup.output import new_file


@pytest.mark.parametrize("replace", [False, True])
def test_it_appears_whole_and_private(tmp_path: Path, replace: bool) -> None:
    path = tmp_path / "site.backup"
    before = os.umask(0)
    try:
        with new_file(str(path), replace=replace) as file:
            file.write(b"all of it")
            assert not path.exists()
    finally:
        os.umask(before)
    assert path.read_bytes() == b"all of it"
    assert path.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == [path]


def test_another_file_is_not_replaced(tmp_path: Path) -> None:
    path = tmp_path / "site.backup"
    path.write_text("precious")
    with pytest.raises(BackupError, match="--force"), new_file(str(path), replace=False):
        pass
    assert path.read_text() == "precious"
    with new_file(str(path), replace=True) as file:
        file.write(b"new")
    assert path.read_text() == "new"


def test_a_file_that_came_meanwhile_is_not_replaced(tmp_path: Path) -> None:
    path = tmp_path / "site.backup"
    with pytest.raises(BackupError, match="--force"), new_file(str(path), replace=False):
        path.write_text("precious")
    assert path.read_text() == "precious"
    assert list(tmp_path.iterdir()) == [path]


def test_on_a_file_system_without_links(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def link(*_: object) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "link", link)
    path = tmp_path / "site.backup"
    with new_file(str(path), replace=False) as file:
        file.write(b"all of it")
    assert path.read_bytes() == b"all of it"
    with pytest.raises(BackupError, match="--force"), new_file(str(path), replace=False):
        pass


def test_a_failure_leaves_nothing_behind(tmp_path: Path) -> None:
    path = tmp_path / "site.backup"
    path.write_text("precious")
    with pytest.raises(KeyboardInterrupt), new_file(str(path), replace=True):
        raise KeyboardInterrupt
    assert [(each, each.read_text()) for each in tmp_path.iterdir()] == [(path, "precious")]


def test_a_link_leads_to_the_file(tmp_path: Path) -> None:
    (tmp_path / "latest").symlink_to(tmp_path / "site.backup")
    with new_file(str(tmp_path / "latest"), replace=False) as file:
        file.write(b"all of it")
    assert (tmp_path / "latest").is_symlink()
    assert (tmp_path / "site.backup").read_bytes() == b"all of it"


@pytest.mark.parametrize("name", ["/dev/null", ".", "no folder/site.backup"])
def test_what_is_no_place_for_a_file_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(BackupError, match=r"is not a file|can't be written") as refusal, new_file(name, replace=True):
        pass
    assert "\n" not in str(refusal.value)
