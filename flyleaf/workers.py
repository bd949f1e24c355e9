"""granian's server and its workers, as the site needs them to stop."""

import asyncio
import contextlib
import os
import socket
import sys
from functools import cache
from typing import Any

from granian import _signals
from granian._granian import SocketHolder, WorkerSignal
from granian.server.mp import MPServer

from flyleaf.address import Address
from flyleaf.gateway import ACCEPT_NO_MORE, FINISH

HEADER_SECONDS = 10  # for a request's headers, and for the next request on a kept-alive connection


class Server(MPServer):
    """A granian server whose workers all accept connections from the passed socket, if there is one."""

    def __init__(self, address: Address, passed: socket.socket | None, **options: Any) -> None:
        super().__init__("flyleaf", address=address.ip, port=address.port, **options)
        self._passed = passed

    def _stop_workers(self) -> None:
        """Let the workers finish what they are doing, and not wait for requests of which only a part has arrived."""
        for worker in self.wrks:
            worker.interrupt_by_parent = True
            for number in (ACCEPT_NO_MORE, FINISH):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(worker.inner.pid, number)
        super()._stop_workers()  # type: ignore[no-untyped-call]

    def _init_shared_socket(self) -> None:
        if self._passed is None:
            super()._init_shared_socket()  # type: ignore[no-untyped-call]
            return
        self._passed.setblocking(False)
        if sys.platform == "linux":
            # A stopping worker closes connections that it accepted but has not read from. With this, the kernel holds
            # them back until data arrives.
            self._passed.setsockopt(socket.IPPROTO_TCP, socket.TCP_DEFER_ACCEPT, HEADER_SECONDS)
        self._passed.set_inheritable(True)
        self._sso = self._passed
        # granian's type stubs don't describe this constructor or these attributes.
        self._shd = SocketHolder(self._passed.fileno(), False, self.backlog)  # type: ignore[call-arg, assignment]


def stop_at_first_signal() -> None:
    """Have this worker stop at its parent's first signal. granian's own function makes one that hangs at the second:
    SIGTERM often arrives twice, because service managers send it to every process."""
    _signals.set_loop_signals = _stop_once


def _stop_once(loop: asyncio.AbstractEventLoop) -> WorkerSignal:
    stopping = WorkerSignal()
    loop.add_signal_handler(ACCEPT_NO_MORE, cache(stopping.set))
    return stopping
