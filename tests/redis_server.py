"""A real Redis that keeps what it is told on disk. Tests that need it are skipped if it isn't installed."""

import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

import pytest
from redis import Redis, RedisError

SECONDS = 10.0  # to start


class RedisServer:
    """Redis with `appendonly yes`, as docs/operations.md asks for, on a port of this machine."""

    def __init__(self, folder: Path) -> None:
        program = shutil.which("redis-server")
        if program is None:
            pytest.skip("Redis is not installed (apt-get install redis-server)")
        with socket.create_server(("127.0.0.1", 0)) as listener:
            self._port = listener.getsockname()[1]  # of nobody, as soon as the block ends
        self.url = f"redis://127.0.0.1:{self._port}/0"
        settings = {"port": str(self._port), "bind": "127.0.0.1", "appendonly": "yes", "save": "", "dir": str(folder)}
        self._line = [program, *(word for name, value in settings.items() for word in (f"--{name}", value))]
        self.start()

    def start(self) -> None:
        self._process = subprocess.Popen(self._line, stdout=subprocess.DEVNULL)
        deadline = time.monotonic() + SECONDS
        while not self._answers():
            assert self._process.poll() is None
            assert time.monotonic() < deadline, "Redis doesn't answer"
            time.sleep(0.02)

    def stop(self, number: int = signal.SIGKILL) -> None:
        self._process.send_signal(number)
        self._process.wait(SECONDS)

    def _answers(self) -> bool:
        try:
            with Redis.from_url(self.url) as client:
                return bool(client.ping())
        except RedisError:
            return False
