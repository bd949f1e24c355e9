"""The account that PostgreSQL runs as, and what it may do."""

import os
import pwd
from pathlib import Path

import pytest

from flyleaf.embedded import EmbeddedServerError, account


def test_it_is_never_root() -> None:
    chosen = account.unprivileged()
    assert chosen.uid != 0
    assert chosen.is_current == (os.geteuid() != 0)


def test_root_without_any_other_account_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(account, "SERVICE_ACCOUNTS", ("no-such-account", "root"))
    with pytest.raises(EmbeddedServerError, match="as an ordinary user"):
        account.unprivileged()


def test_the_kernel_is_asked_what_it_may(place: Path) -> None:
    chosen = account.unprivileged()
    (place / "closed" / "inner").mkdir(parents=True)
    assert chosen.can("x", place / "closed" / "inner")
    (place / "closed").chmod(0o000)
    assert not chosen.can("x", place / "closed" / "inner")
    (place / "closed").chmod(0o755)
    assert not chosen.can("r", place / "missing")


def test_what_it_is_given_is_its_own(place: Path) -> None:
    chosen = account.unprivileged()
    (place / "given").mkdir(mode=0o700)
    chosen.own(place / "given")
    assert account.owner(place / "given").uid == chosen.uid
    assert chosen.can("w", place / "given")


def test_an_owner_without_an_account_is_named(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(uid: int) -> None:
        raise KeyError(uid)

    monkeypatch.setattr(pwd, "getpwuid", unknown)
    with pytest.raises(EmbeddedServerError, match=f"{place} belongs to the user id {place.stat().st_uid}"):
        account.owner(place)
