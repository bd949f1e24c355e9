"""Run the site as `make run` serves it, while something is measured."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import requests

from flyleaf.config import PROJECT

PASSWORD = "a rose is a rose"
# Readers who name an address of their own in X-Forwarded-For have limits of their own.
UNLIMITED = {"SEARCHES_PER_MINUTE": "999999", "API_REQUESTS_PER_MINUTE": "999999", "TRUSTED_PROXIES": "1"}


@contextmanager
def running(program: Sequence[str], data: Path, port: int) -> Iterator[float]:
    """Run the site and yield the seconds from the command to the first page."""
    environment = os.environ | {"FLYLEAF_DATA": str(data), "PORT": str(port)}
    environment |= UNLIMITED
    environment.pop("DATABASE_URL", None)
    start = time.perf_counter()
    log = (data.parent / "log").open("ab")
    site = subprocess.Popen([sys.executable, *program], cwd=PROJECT, env=environment, stdout=log, stderr=log)
    try:
        while True:
            try:
                requests.get(f"http://127.0.0.1:{port}/", timeout=5).raise_for_status()
                break
            except requests.ConnectionError:
                if site.poll() is not None or time.perf_counter() - start > 120:
                    raise RuntimeError(f"the site did not start: {(data.parent / 'log').read_text()[-2000:]}") from None
                time.sleep(0.01)
        yield time.perf_counter() - start
    finally:
        site.send_signal(signal.SIGTERM)
        site.wait(60)
        log.close()


def log_in(port: int, name: str = "Bench") -> str:
    """Register a reader of this name and return the session's cookie."""
    with requests.Session() as browser:
        page = browser.get(f"http://127.0.0.1:{port}/register", timeout=10)
        token = re.findall(r'name="csrf_token"[^>]*value="([^"]+)"', page.text)[0]
        fields = {"csrf_token": token, "username": name, "password": PASSWORD, "confirmation": PASSWORD}
        browser.post(f"http://127.0.0.1:{port}/register", data=fields, timeout=10).raise_for_status()
        return next(f"{cookie.name}={cookie.value}" for cookie in browser.cookies if "session" in cookie.name)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
