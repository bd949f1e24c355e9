"""The account that PostgreSQL runs as. PostgreSQL refuses to run as root, so root uses another account."""

import os
import pwd
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flyleaf.embedded.errors import EmbeddedServerError

# `postgres` exists if a PostgreSQL package was ever installed; `nobody` exists on every system.
SERVICE_ACCOUNTS = ("postgres", "nobody")


@dataclass(frozen=True)
class Account:
    """An account of the operating system."""

    name: str
    uid: int
    gid: int

    @property
    def is_current(self) -> bool:
        """Return whether this process already runs as the account."""
        return self.uid == os.geteuid()

    def child(self) -> dict[str, Any]:
        """Return the arguments for `subprocess` that start a child as this account."""
        if self.is_current:
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": os.getgrouplist(self.name, self.gid)}

    def can(self, permission: str, path: Path) -> bool:
        """Return whether the account can reach `path` and has `permission` (r, w or x) there.

        A child process that runs as the account asks the kernel, so that the parent folders, ACLs, read-only mounts
        and security modules count as they will for PostgreSQL.
        """
        if self.is_current:
            return os.access(path, {"r": os.R_OK, "w": os.W_OK, "x": os.X_OK}[permission])
        test = subprocess.run(["test", f"-{permission}", str(path)], cwd="/", **self.child(), check=False)
        return test.returncode == 0

    def own(self, path: Path) -> None:
        """Make the account the owner of `path`; only root needs to."""
        if not self.is_current:
            os.chown(path, self.uid, self.gid, follow_symlinks=False)


def current() -> Account:
    """Return the account that this process runs as."""
    uid = os.geteuid()
    return Account(_name(uid), uid, os.getegid())


def named(name: str) -> Account:
    """Return the account with this name. Raises KeyError."""
    entry = pwd.getpwnam(name)
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)


def owner(path: Path) -> Account:
    """Return the account that owns `path`. Raises EmbeddedServerError if the system doesn't know it."""
    uid = path.stat().st_uid
    try:
        return named(pwd.getpwuid(uid).pw_name)
    except KeyError:
        raise EmbeddedServerError(
            f"{path} belongs to the user id {uid}, which has no account here: chown it to an existing account."
        ) from None


def unprivileged() -> Account:
    """Return the account to run PostgreSQL as: the current one or, if that is root, a service account."""
    if os.geteuid() != 0:
        return current()
    for name in SERVICE_ACCOUNTS:
        try:
            account = named(name)
        except KeyError:
            continue
        if account.uid != 0:
            return account
    raise EmbeddedServerError(
        "PostgreSQL won't run as root and there is no account `postgres` or `nobody`: run Flyleaf as an ordinary user."
    )


def _name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        # Containers may run with any user id. initdb needs a name for it and reports that itself.
        return str(uid)
