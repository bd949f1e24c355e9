"""The log: one JSON object a line, on stderr. JSON, because no input can then forge a line or break one."""

import json
import logging
import sys
import time
import traceback

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
        line |= {name: value for name, value in vars(record).items() if name not in _OWN}
        if record.exc_info:
            line["traceback"] = _traceback(record.exc_info[1])
        return json.dumps(line, default=str)


def _traceback(error: BaseException | None) -> str:
    """The latest exception first. Of each message only the first line: the others of a database's error quote what
    readers typed (DETAIL, parameters)."""
    parts = []
    while error is not None:
        frames = "".join(traceback.format_tb(error.__traceback__))
        parts.append(f"{frames}{type(error).__name__}: {str(error).partition(chr(10))[0]}")
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return "\ncaused by:\n".join(parts)


def configure_logging() -> None:
    """Send everything from level INFO on to stderr. Called once a process; a second call changes nothing."""
    root = logging.getLogger()
    if any(isinstance(handler.formatter, JsonFormatter) for handler in root.handlers):
        return
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter())
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    logging.getLogger("alembic").setLevel(logging.WARNING)
    # What `flask run` says of each request: ours says it, without what the reader searched for.
    logging.getLogger("werkzeug").addFilter(lambda record: " - - [" not in record.getMessage())
