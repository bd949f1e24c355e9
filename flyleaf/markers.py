"""Files whose time says when something was last done, on this machine: all processes share them, and restarts keep
them."""

import time
from datetime import timedelta
from pathlib import Path


def is_due(marker: Path, every: timedelta) -> bool:
    """Return whether it was last done longer ago than `every`. If so, note that it begins now."""
    try:
        due = time.time() - marker.stat().st_mtime > every.total_seconds()
    except FileNotFoundError:
        due = True
    if due:
        marker.touch(mode=0o600)
    return due
