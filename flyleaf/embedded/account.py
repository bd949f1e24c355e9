"""The account that PostgreSQL runs as: PostgreSQL refuses to run as root, and so does this room."""

import os
import pwd
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flyleaf.embedded.errors import EmbeddedServerError

# `postgres` exists where a PostgreSQL package was installed once; `nobody` is everywhere.
SERVICE_ACCOUNTS = ("postgres", "nobody")


@dataclass(frozen=True)
class Account:
    name: str
    uid: int
    gid: int

    @property
    def is_present(self) -> bool:
        """Whether this process runs as the account already, so that children need no change."""
        return self.uid == os.geteuid()

    def child(self) -> dict[str, Any]:
        """Arguments with which `subprocess` starts a child as this account."""
        if self.is_present:
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": os.getgrouplist(self.name, self.gid)}

    def can(self, permission: str, path: Path) -> bool:
        """Whether the account may reach `path` and has `permission` (r, w or x) there.

        The kernel is asked, by a child that runs as the account: modes and owners of all the folders above,
        ACLs, read-only mounts and security modules then count as they will count for PostgreSQL.
        """
        if self.is_present:
            return os.access(path, {"r": os.R_OK, "w": os.W_OK, "x": os.X_OK}[permission])
        test = subprocess.run(["test", f"-{permission}", str(path)], cwd="/", **self.child(), check=False)
        return test.returncode == 0

    def own(self, path: Path) -> None:
        """Hand `path` over to the account; only root needs to."""
        if not self.is_present:
            os.chown(path, self.uid, self.gid, follow_symlinks=False)


def present() -> Account:
    """The account this process runs as."""
    uid = os.geteuid()
    return Account(_name(uid), uid, os.getegid())


def named(name: str) -> Account:
    entry = pwd.getpwnam(name)
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)


def owner(path: Path) -> Account:
    """The account that owns `path`; EmbeddedServerError where the system doesn't know it."""
    uid = path.stat().st_uid
    try:
        return named(pwd.getpwuid(uid).pw_name)
    except KeyError:
        raise EmbeddedServerError(
            f"{path} belongs to the user id {uid}, which has no account here: chown it to an account that exists."
        ) from None


def unprivileged() -> Account:
    """The account to run PostgreSQL as: the present one, or a service account where that is root."""
    if os.geteuid() != 0:
        return present()
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
        # Containers run with any number. initdb wants a name for it, and says so itself.
        return str(uid)
