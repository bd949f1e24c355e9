"""The network between the database servers and etcd, which can be cut: a port for each way from one to another.

python -m cluster.network FILE LISTEN:TARGET …: forward each port LISTEN to TARGET, except for those that FILE names. As
on a real network, bytes are then held back, and connections stay open until somebody gives up.
"""

import asyncio
import contextlib
import sys
from pathlib import Path

LOOK_SECONDS = 0.05


class Way:
    """The way from the port `listen` to `target`. It is open unless the file `cut` has the number of the port."""

    def __init__(self, cut: Path, listen: int, target: int) -> None:
        self._cut, self._listen, self._target = cut, listen, target

    async def open(self) -> None:
        await asyncio.start_server(self._connected, "127.0.0.1", self._listen)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError), contextlib.closing(writer):
            await self._wait_until_open()
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._target)
            with contextlib.closing(far_writer):
                pumps = [self._pump(reader, far_writer), self._pump(far_reader, writer)]
                tasks = [asyncio.create_task(pump) for pump in pumps]
                await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
                for task in tasks:
                    task.cancel()

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(2**16):
                await self._wait_until_open()
                writer.write(data)
                await writer.drain()
            await self._wait_until_open()

    async def _wait_until_open(self) -> None:
        while str(self._listen) in self._cut.read_text().split():
            await asyncio.sleep(LOOK_SECONDS)


async def main(cut: str, *ways: str) -> None:
    Path(cut).touch()
    for way in ways:
        listen, target = way.split(":")
        await Way(Path(cut), int(listen), int(target)).open()
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
