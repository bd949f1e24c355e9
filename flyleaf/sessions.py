"""Session storage: one file each in the data folder, or Redis. Flask-Session and cachelib do the work.

The differences from cachelib: JSON instead of pickle, so that a planted file can't run code; a damaged file counts as
no session; a full disk is an error instead of a silent logout; and no active session is evicted.
"""

import json
import logging
import os
import re
import struct
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from datetime import timedelta
from itertools import islice
from pathlib import Path
from typing import IO, Any, BinaryIO

from cachelib.base import BaseCache
from cachelib.file import FileSystemCache
from cachelib.serializers import FileSystemSerializer

from flyleaf.limits import SESSION_DAYS
from flyleaf.markers import is_due

logger = logging.getLogger("flyleaf.sessions")

# How long the file lives after login. The cookie ends with the browser, and the database decides whether it is active.
LIFETIME = timedelta(days=SESSION_DAYS)
PRUNE_EVERY = timedelta(hours=1)
UNAVAILABLE = "unavailable"  # the only key of a session that couldn't be read
SECONDS = 3  # the timeout for Redis
_EXPIRY = struct.Struct("I")  # cachelib's header: the time of expiry, in seconds of the epoch; 0 for never


PREFIX = "session-"  # of a session's key and file, before the hash of its id
_STORED = re.compile(f"{PREFIX}[0-9a-f]{{64}}")
LOOKED_AT_ONCE = 500  # files in one step of pruning, which takes some hundredths of a second
ROW_SECONDS = 600  # more than a login takes from writing the file to committing the row

# Returns those of the given hashes of session ids that belong to active sessions.
SelectLive = Callable[[Sequence[bytes]], Collection[bytes]]


class SessionsUnavailableError(RuntimeError):
    """A session couldn't be stored."""


def session_key(id_hash: bytes) -> str:
    """Return the key under which a session is stored, by the hash that the database knows it by."""
    return f"{PREFIX}{id_hash.hex()}"


def forget(store: BaseCache, id_hashes: Iterable[bytes]) -> None:
    """Delete what is stored of sessions that have ended. What can't be deleted now is pruned or expires later: without
    its row it is worthless."""
    try:
        for id_hash in id_hashes:
            store.delete(session_key(id_hash))
    except SessionsUnavailableError as error:
        logger.warning("ended sessions are kept for now", extra={"cause": str(error)})


class _Json(FileSystemSerializer):
    def dump(self, value: Any, f: IO[bytes], protocol: int = 0) -> None:
        f.write(json.dumps(value).encode())

    def load(self, f: BinaryIO) -> dict[str, Any] | None:
        return _session(f.read())


def _session(stored: bytes) -> dict[str, Any] | None:
    """Return the session, or None if the content is damaged or not a session."""
    try:
        value = json.loads(stored)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


class SessionFiles(FileSystemCache):
    """Session files in `folder`, which is created if missing and is private to this account."""

    serializer = _Json()

    def __init__(self, folder: Path) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.chmod(0o700)
        self._folder = folder
        # threshold 0: never evict. The default of 500 would log readers out.
        super().__init__(str(folder), threshold=0, default_timeout=int(LIFETIME.total_seconds()))

    def set(self, key: str, value: Any, timeout: int | timedelta | None = None, mgmt_element: bool = False) -> bool:
        """Write a session. Raises SessionsUnavailableError if the file can't be written."""
        if not super().set(key, value, timeout, mgmt_element):
            raise SessionsUnavailableError(f"sessions can't be written to {self._folder}: is the disk full?")
        return True

    def delete(self, key: str, mgmt_element: bool = False) -> bool:
        """Delete a session. Raises SessionsUnavailableError if the file can't be deleted: the reader is still logged
        in."""
        if not super().delete(key, mgmt_element):
            raise SessionsUnavailableError(
                f"sessions can't be deleted from {self._folder}: does the folder belong to this account?"
            )
        return True

    def is_pruning_due(self) -> bool:
        """Return whether pruning last began more than an hour ago. If so, note that it begins now."""
        return is_due(self._folder / _MARKER, PRUNE_EVERY)

    def prune(self, select_live: SelectLive) -> Iterator[int]:
        """Delete the files of sessions that have ended, expired drafts, and temporary files left by a crash.

        Each step looks at LOOKED_AT_ONCE files and yields how many it deleted.
        """
        with os.scandir(self._folder) as entries:
            while step := list(islice(entries, LOOKED_AT_ONCE)):
                yield self._prune_step([Path(entry) for entry in step if entry.name != _MARKER], select_live)

    def _prune_step(self, paths: list[Path], select_live: SelectLive) -> int:
        now, pruned = time.time(), 0
        ended = self._ended(paths, now, select_live)
        for path in paths:
            try:
                if path in ended or self._is_expired(path, now):
                    path.unlink()
                    pruned += 1
            except FileNotFoundError:  # another worker has deleted it
                continue
        return pruned

    def _ended(self, paths: list[Path], now: float, select_live: SelectLive) -> Collection[Path]:
        """Return the files of sessions without an active row. Those of the last minutes may be about to get theirs."""
        by_hash = {}
        for path in paths:
            try:
                if _STORED.fullmatch(path.name) and path.stat().st_mtime < now - ROW_SECONDS:
                    by_hash[bytes.fromhex(path.name.removeprefix(PREFIX))] = path
            except FileNotFoundError:
                continue
        live = select_live(list(by_hash)) if by_hash else ()
        return {path for id_hash, path in by_hash.items() if id_hash not in live}

    def _is_expired(self, path: Path, now: float) -> bool:
        if path.name.endswith(self._fs_transaction_suffix):
            return path.stat().st_mtime < now - PRUNE_EVERY.total_seconds()
        with path.open("rb") as file:
            header = file.read(_EXPIRY.size)
        if len(header) < _EXPIRY.size:
            return True
        expires = int(_EXPIRY.unpack(header)[0])
        return 0 < expires < now

    def _get_filename(self, key: str) -> str:
        return str(self._folder / key) if key.startswith(PREFIX) else super()._get_filename(key)


_MARKER = "pruned"


class SessionRedis(BaseCache):
    """Sessions in Redis, which deletes expired ones itself. While Redis can't be read, every session is
    {UNAVAILABLE}."""

    def __init__(self, url: str) -> None:
        # Imported here because it takes a tenth of a second, which a site without Redis saves.
        from redis import Redis, RedisError

        super().__init__(int(LIFETIME.total_seconds()))
        self._fault = RedisError
        self.redis = Redis.from_url(url, socket_timeout=SECONDS, socket_connect_timeout=SECONDS)

    def increment(self, key: str, seconds: int) -> int:
        """Add 1 to a number that lasts this long, and return it, or 0 if Redis can't be reached."""
        both = self.redis.pipeline()
        both.incr(key)
        both.expire(key, seconds)
        try:
            return int(both.execute()[0])
        except self._fault as error:
            logger.error("unavailable", extra={"cause": f"requests can't be counted in Redis: {error}"})  # noqa: TRY400
            return 0

    def get(self, key: str) -> dict[str, Any] | None:
        try:
            stored = self.redis.get(key)
        except self._fault as error:
            logger.error("unavailable", extra={"cause": f"sessions can't be read from Redis: {error}"})  # noqa: TRY400
            return {UNAVAILABLE: True}  # not an exception: rendering the error page needs a session too
        return _session(stored) if isinstance(stored, bytes) else None

    def set(self, key: str, value: Any, timeout: int | timedelta | None = None) -> bool:
        """Write a session. Raises SessionsUnavailableError."""
        try:
            return bool(self.redis.set(key, json.dumps(value), ex=timeout or self.default_timeout))
        except self._fault as error:
            raise SessionsUnavailableError(f"sessions can't be written to Redis: {error}") from error

    def delete(self, key: str) -> bool:
        """Delete a session. Raises SessionsUnavailableError."""
        try:
            self.redis.delete(key)
        except self._fault as error:
            raise SessionsUnavailableError(f"sessions can't be deleted from Redis: {error}") from error
        return True
