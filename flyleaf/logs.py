"""The log, on stderr: lines for people on a terminal, else one JSON object a line. No input can forge a line or break
one: JSON escapes what it holds, and so do the lines for people."""

import json
import logging
import sys
import time
import traceback
from typing import Literal

# What every LogRecord carries by itself; whatever else stands on one came in as `extra`.
_OWN = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


class JsonFormatter(logging.Formatter):
    """`extra` fields become members of the object beside time, level, event and, with an exception, traceback."""

    converter = staticmethod(time.gmtime)

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "time": f"{self.formatTime(record, '%Y-%m-%dT%H:%M:%S')}.{int(record.msecs):03d}Z",
            "level": record.levelname.lower(),
            "event": record.getMessage(),
        }
        line |= _extra(record)
        if record.exc_info:
            line["traceback"] = _traceback(record.exc_info[1])
        return json.dumps(line, default=str)


class TextFormatter(logging.Formatter):
    """`12:03:04  GET /search 200 in 3.2 ms`, in local time; the level where it is not the usual one, and the rest of
    `extra` behind. A traceback follows on lines of its own, indented."""

    def format(self, record: logging.LogRecord) -> str:
        extra = _extra(record)
        if record.name == "flyleaf.requests":
            said = "{method} {path} {status} in {milliseconds} ms".format(**extra)
            extra = {}
        else:
            said = record.getMessage()
        level = "" if record.levelno <= logging.INFO else f"{record.levelname}: "
        rest = "".join(f" {name}={value}" for name, value in extra.items() if value is not None)
        line = f"{self.formatTime(record, '%H:%M:%S')}  {_printable(f'{level}{said}{rest}')}"
        if record.exc_info:
            told = _traceback(record.exc_info[1]).split("\n")
            line += "".join(f"\n    {_printable(one)}" for one in told)
        return line


def _extra(record: logging.LogRecord) -> dict[str, object]:
    return {name: value for name, value in vars(record).items() if name not in _OWN}


def _printable(text: str) -> str:
    """Escape line breaks, and whatever else a terminal might obey."""
    return "".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in text)


def _traceback(error: BaseException | None) -> str:
    """The latest exception first. Of each message only the first line: the others of a database's error quote what
    readers typed (DETAIL, parameters)."""
    parts = []
    while error is not None:
        frames = "".join(traceback.format_tb(error.__traceback__))
        parts.append(f"{frames}{type(error).__name__}: {str(error).partition(chr(10))[0]}")
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return "\ncaused by:\n".join(parts)


def configure_logging(log_format: Literal["auto", "text", "json"] = "auto") -> None:
    """Send everything from level INFO on to stderr. Called once a process; a second call changes nothing."""
    root = logging.getLogger()
    if any(isinstance(handler.formatter, JsonFormatter | TextFormatter) for handler in root.handlers):
        return
    handler = logging.StreamHandler(sys.stderr)
    for_people = sys.stderr.isatty() if log_format == "auto" else log_format == "text"
    handler.setFormatter(TextFormatter() if for_people else JsonFormatter())
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    logging.getLogger("alembic").setLevel(logging.WARNING)
    # What `flask run` says of each request: ours says it, without what the reader searched for.
    logging.getLogger("werkzeug").addFilter(lambda record: " - - [" not in record.getMessage())
