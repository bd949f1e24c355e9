"""The network between the database servers and etcd: connections through it can be cut off, one server's at a time.

python -m cluster.network FOLDER LISTEN:TARGET:SERVER …: forward each port LISTEN to TARGET, which belongs to SERVER or,
if that is empty, to none.

The file `cut` in FOLDER names the server that nothing reaches and that reaches nothing. As on a real network, bytes are
then held back, and connections stay open until somebody gives up.
"""

import asyncio
import contextlib
import sys
from collections.abc import Collection
from pathlib import Path

import psutil

LOOK_SECONDS = 0.05


class Network:
    """`folder` has a subfolder for each server, in which its processes work."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def forward(self, listen: int, target: int, server: str | None) -> None:
        async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            port = writer.get_extra_info("peername")[1]
            ends = {server, await asyncio.to_thread(self._server_of, port)} - {None}
            with contextlib.suppress(OSError), contextlib.closing(writer):
                await self._passable(ends)
                far_reader, far_writer = await asyncio.open_connection("127.0.0.1", target)
                with contextlib.closing(far_writer):
                    pumps = [self._pump(reader, far_writer, ends), self._pump(far_reader, writer, ends)]
                    tasks = [asyncio.create_task(pump) for pump in pumps]
                    await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
                    for task in tasks:
                        task.cancel()

        await asyncio.start_server(connected, "127.0.0.1", listen)

    async def _pump(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, ends: Collection[str | None]
    ) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(2**16):
                await self._passable(ends)
                writer.write(data)
                await writer.drain()
            await self._passable(ends)

    async def _passable(self, ends: Collection[str | None]) -> None:
        while self._cut() in ends:
            await asyncio.sleep(LOOK_SECONDS)

    def _cut(self) -> str:
        try:
            return (self._folder / "cut").read_text()
        except FileNotFoundError:
            return ""

    def _server_of(self, port: int) -> str | None:
        """Return the server whose process has opened a connection from this port."""
        for connection in psutil.net_connections("tcp4"):
            if connection.laddr and connection.laddr.port == port and connection.pid is not None:
                with contextlib.suppress(psutil.Error, OSError, ValueError):
                    return Path(psutil.Process(connection.pid).cwd()).relative_to(self._folder).parts[0]
        return None


async def main(folder: str, *routes: str) -> None:
    network = Network(Path(folder))
    for route in routes:
        listen, target, server = route.split(":")
        await network.forward(int(listen), int(target), server or None)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
