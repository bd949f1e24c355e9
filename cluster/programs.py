"""Find the programs that the cluster is made of, all of them packages of Debian and Ubuntu."""

import os
import shutil

PACKAGES = {
    "haproxy": "haproxy",
    "pgbouncer": "pgbouncer",
    "patroni": "patroni",
    "etcd": "etcd-server",
    "redis-server": "redis-server",
}
# Debian keeps some of them where only root's PATH looks.
PLACES = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/local/sbin", "/usr/sbin"])


class MissingProgramsError(RuntimeError):
    """Programs are not installed. The message is one line with the command that installs them."""


def find_programs() -> dict[str, str]:
    """Return the path of each program. Raises MissingProgramsError."""
    found = {name: shutil.which(name, path=PLACES) for name in PACKAGES}
    missing = [name for name, path in found.items() if path is None]
    if missing:
        packages = " ".join(PACKAGES[name] for name in missing)
        raise MissingProgramsError(f"Not installed: {', '.join(missing)}. Run: apt-get install {packages}")
    return {name: path for name, path in found.items() if path is not None}
