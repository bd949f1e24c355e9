"""How an import talks: a progress bar a phase on a terminal, plain lines elsewhere."""

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TextIO

from tqdm import tqdm

Advance = Callable[[int, int], object]
"""Takes how far a phase is, in the unit of its total, and how many rows that is."""

_KNOWN = "{desc}: {percentage:3.0f}%|{bar}| {rows:,} rows, {rows_a_second:,.0f} rows/s, {remaining} left"
_UNKNOWN = "{desc}: {rows:,} rows, {rows_a_second:,.0f} rows/s, {elapsed}"


class _Bar(tqdm):  # type: ignore[type-arg]
    """Moves with the total's unit, and shows rows."""

    rows = 0

    @property
    def format_dict(self) -> dict[str, Any]:
        shown = super().format_dict
        return {**shown, "rows": self.rows, "rows_a_second": self.rows / max(shown["elapsed"], 0.001)}

    def advance(self, position: int, rows: int) -> None:
        self.rows = rows
        self.update(position - self.n)


class Report:
    """Lines go to `out`; bars go to `err`, and only where that is a terminal."""

    def __init__(self, out: TextIO | None = None, err: TextIO | None = None) -> None:
        self._out = out or sys.stdout
        self._err = err or sys.stderr
        self.seconds: dict[str, float] = {}  # that each phase took

    def say(self, line: str) -> None:
        try:
            print(line, file=self._out, flush=True)
        except BrokenPipeError:  # whoever read it has gone (`| head`), and the import goes on
            os.dup2(os.open(os.devnull, os.O_WRONLY), self._out.fileno())

    @contextmanager
    def phase(self, name: str, text: str, total: int | None) -> Iterator[Advance]:
        """A part of the work: its `name` for programs, the `text` for people. The bar shows rows, rows a second and
        the time left; without a `total` (a pipe has no size) the time that has passed."""
        began = time.monotonic()
        if self._err.isatty():
            with self._bar(text, total) as advance:
                yield advance
        else:
            self.say(f"{text} …")
            yield lambda position, rows: None
        self.seconds[name] = self.seconds.get(name, 0) + time.monotonic() - began

    @contextmanager
    def _bar(self, text: str, total: int | None) -> Iterator[Advance]:
        # Without the monitor, which is a thread: a stalled phase shows as such anyway.
        tqdm.monitor_interval = 0
        # A container's terminal may have the size 0 by 0, and tqdm would show nothing there.
        width = os.get_terminal_size(self._err.fileno()).columns or 80
        with _Bar(
            desc=text,
            total=total,
            ncols=width,
            nrows=2,
            file=self._err,
            bar_format=_UNKNOWN if total is None else _KNOWN,
        ) as bar:
            yield bar.advance
