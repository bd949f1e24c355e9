"""Show progress: a bar for each phase on a terminal, plain lines elsewhere."""

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TextIO

from tqdm import tqdm

Advance = Callable[[int, int], object]
"""Called with a phase's progress, in the unit of its total, and the number of rows."""

_KNOWN = "{desc}: {percentage:3.0f}%|{bar}| {rows:,} rows, {rows_a_second:,.0f} rows/s, {remaining} left"
_UNKNOWN = "{desc}: {rows:,} rows, {rows_a_second:,.0f} rows/s, {elapsed}"


class _Bar(tqdm):  # type: ignore[type-arg]
    """A bar that advances in the unit of its total and shows rows."""

    rows = 0

    @property
    def format_dict(self) -> dict[str, Any]:
        shown = super().format_dict
        return {**shown, "rows": self.rows, "rows_a_second": self.rows / max(shown["elapsed"], 0.001)}

    def advance(self, position: int, rows: int) -> None:
        self.rows = rows
        self.update(position - self.n)


class Report:
    """Writes lines to `out`, and bars to `err` if that is a terminal."""

    def __init__(self, out: TextIO | None = None, err: TextIO | None = None) -> None:
        self._out = out or sys.stdout
        self._err = err or sys.stderr
        self.seconds: dict[str, float] = {}  # for each phase

    def say(self, line: str) -> None:
        try:
            print(line, file=self._out, flush=True)
        except BrokenPipeError:  # the reader has exited (`| head`); the import continues
            os.dup2(os.open(os.devnull, os.O_WRONLY), self._out.fileno())

    @contextmanager
    def phase(self, name: str, text: str, total: int | None) -> Iterator[Advance]:
        """Measure and show a phase, with a `name` for programs and a `text` for people. The bar shows rows, rows per
        second and the time left or, without a `total` (a pipe has no size), the time elapsed."""
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
        # No monitor thread is needed.
        tqdm.monitor_interval = 0
        # A container's terminal may report the size 0 by 0, with which tqdm shows nothing.
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
