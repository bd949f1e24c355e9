"""How an import talks: a progress bar on a terminal, plain lines elsewhere."""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TextIO

from tqdm import tqdm


class Report:
    """Lines go to `out`; a bar goes to `err`, and only where that is a terminal."""

    def __init__(self, out: TextIO | None = None, err: TextIO | None = None) -> None:
        self._out = out or sys.stdout
        self._err = err or sys.stderr

    def say(self, line: str) -> None:
        try:
            print(line, file=self._out, flush=True)
        except BrokenPipeError:  # whoever read it has gone (`| head`), and the import goes on
            os.dup2(os.open(os.devnull, os.O_WRONLY), self._out.fileno())

    @contextmanager
    def reading(self, size: int) -> Iterator[Callable[[int], object]]:
        """Shows how far the reading of `size` bytes is, with rate and time left, as often as the block calls what it
        is given with the number of bytes read so far."""
        if not self._err.isatty():
            self.say("Reading …")
            yield lambda position: None
            return
        # Without the monitor, which is a thread: a stalled reading shows as such anyway.
        tqdm.monitor_interval = 0
        # A container's terminal may have the size 0 by 0, and tqdm would show nothing there.
        width = os.get_terminal_size(self._err.fileno()).columns or 80
        with tqdm(desc="Reading", total=size, unit="B", unit_scale=True, ncols=width, nrows=2, file=self._err) as bar:
            yield lambda position: bar.update(position - bar.n)
