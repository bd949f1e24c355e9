"""Logging to stderr: readable lines on a terminal, otherwise one JSON object per line. Both formats escape their
content, so no input can forge or break a line."""

import json
import logging
import sys
import time
import traceback
from typing import Literal

# The attributes of every LogRecord; any others came in as `extra`.
_OWN = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


class JsonFormatter(logging.Formatter):
    """Formats a record as an object with time, level, event, the `extra` fields and, for an exception, traceback."""

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
    """Formats a record as `12:03:04  GET /search 200 in 3.2 ms`, in local time, with the level if it is above INFO and
    the `extra` fields at the end. A traceback follows on indented lines."""

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
            lines = _traceback(record.exc_info[1]).split("\n")
            line += "".join(f"\n    {_printable(one)}" for one in lines)
        return line


def _extra(record: logging.LogRecord) -> dict[str, object]:
    return {name: value for name, value in vars(record).items() if name not in _OWN}


def _printable(text: str) -> str:
    """Escape line breaks and terminal control characters."""
    return "".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in text)


def _traceback(error: BaseException | None) -> str:
    """Return the traceback, latest exception first, with only the first line of each message: further lines of database
    errors (DETAIL, parameters) quote what readers typed."""
    parts = []
    while error is not None:
        frames = "".join(traceback.format_tb(error.__traceback__))
        parts.append(f"{frames}{type(error).__name__}: {str(error).partition(chr(10))[0]}")
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return "\ncaused by:\n".join(parts)


def configure_logging(log_format: Literal["auto", "text", "json"] = "auto") -> None:
    """Log to stderr from level INFO upwards. Calling it again in the same process has no effect."""
    root = logging.getLogger()
    if any(isinstance(handler.formatter, JsonFormatter | TextFormatter) for handler in root.handlers):
        return
    handler = logging.StreamHandler(sys.stderr)
    for_people = sys.stderr.isatty() if log_format == "auto" else log_format == "text"
    handler.setFormatter(TextFormatter() if for_people else JsonFormatter())
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    logging.getLogger("alembic").setLevel(logging.WARNING)
    # Drop the request lines of `flask run`: ours leave out what readers searched for.
    logging.getLogger("werkzeug").addFilter(lambda record: " - - [" not in record.getMessage())
