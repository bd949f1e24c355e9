"""The log: one JSON object a line, and lines for people on a terminal."""

import json
import logging
import os
import pty
import re
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest

from flyleaf.logs import JsonFormatter, TextFormatter


@pytest.fixture
def line() -> Callable[..., str]:
    """What one record becomes."""

    def log(message: object = "something", *values: object, **more: Any) -> str:
        logger = logging.Logger("flyleaf.test")
        lines: list[str] = []
        handler = logging.Handler()
        handler.setFormatter(JsonFormatter())
        handler.emit = lambda record: lines.append(handler.format(record))  # type: ignore[method-assign]
        logger.addHandler(handler)
        logger.error(message, *values, **more)
        return lines[0]

    return log


def test_a_line_says_when_how_bad_and_what(line: Callable[..., str]) -> None:
    record = json.loads(line("something %s", "happened"))
    assert record["event"] == "something happened"
    assert record["level"] == "error"
    assert record["time"].endswith("Z")
    assert len(record["time"]) == len("2026-11-24T08:00:00.000Z")


def test_extras_are_members(line: Callable[..., str]) -> None:
    record = json.loads(line(extra={"request_id": "abc", "milliseconds": 1.5}))
    assert record["request_id"] == "abc"
    assert record["milliseconds"] == 1.5


@pytest.mark.parametrize(
    "evil", ['\n{"event": "forged"}', "\r\n", "\x1b[2J", "\u2028", "\u0085", '"', "\\", "\0", "\ud800", "\x7f", "é"]
)
def test_no_input_breaks_a_line(line: Callable[..., str], evil: str) -> None:
    for text in (line("path " + evil), line("path %s", evil), line(extra={"path": evil})):
        assert "\n" not in text
        assert text.isascii()
        assert text.replace("\x7f", "").isprintable()
        record = json.loads(text)
        assert evil in record["event"] or record["path"] == evil


def test_what_json_does_not_know_is_written_as_text(line: Callable[..., str]) -> None:
    assert json.loads(line(extra={"thing": {1, 2}, "path": json}))["thing"] == "{1, 2}"


def test_a_traceback_is_a_member_and_shows_the_cause_but_no_data(line: Callable[..., str]) -> None:
    words = "Private words."
    cause, error = ValueError(f"violates a check\nDETAIL: Failing row ({words})"), RuntimeError(f"failed\n[{words}]")
    error.__cause__ = cause
    text = line(exc_info=error)
    assert "\n" not in text
    assert "RuntimeError: failed" in text
    assert "ValueError: violates a check" in text
    assert words not in text


def test_a_traceback_says_where(line: Callable[..., str]) -> None:
    try:
        int("x")
    except ValueError:
        text = line(exc_info=True)
    assert "test_logs.py" in json.loads(text)["traceback"]


def test_what_a_reader_searches_for_is_not_in_the_lines_of_flask_run() -> None:
    program = (
        "import logging; from flyleaf.logs import configure_logging; configure_logging();"
        "logger = logging.getLogger('werkzeug'); logger.setLevel(logging.INFO);"
        "logger.info('127.0.0.1 - - [24/Nov/2026 08:57:47] \"GET /search?q=secret HTTP/1.1\" 200 -');"
        "logger.info(' * Running on http://127.0.0.1:5000')"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    [line] = done.stderr.splitlines()
    assert json.loads(line)["event"] == " * Running on http://127.0.0.1:5000"


def test_lines_go_to_stderr_once_however_often_it_is_configured() -> None:
    program = (
        "import logging; from flyleaf.logs import configure_logging;"
        "configure_logging(); configure_logging();"
        "logging.getLogger('flyleaf').info('first\\nline'); logging.getLogger('other').debug('too detailed')"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == ""
    [line] = done.stderr.splitlines()
    assert json.loads(line)["event"] == "first\nline"


# --- For people -----------------------------------------------------------------------------------------------------


@pytest.fixture
def told() -> Callable[..., str]:
    """What a person reads of one record."""

    def log(
        name: str = "flyleaf.test",
        message: object = "something",
        level: int = logging.INFO,
        error: BaseException | None = None,
        **extra: object,
    ) -> str:
        record = logging.Logger(name).makeRecord(
            name, level, "here.py", 1, message, (), (type(error), error, None) if error else None, None, extra
        )
        return TextFormatter().format(record)

    return log


def test_a_request_is_a_line_that_people_can_read(told: Callable[..., str]) -> None:
    request = {"request_id": "abc", "method": "GET", "path": "/search", "status": 200, "milliseconds": 3.2}
    line = told("flyleaf.requests", "request", **request)
    assert re.fullmatch(r"\d\d:\d\d:\d\d  GET /search 200 in 3\.2 ms", line)


def test_other_lines_say_the_level_and_the_rest(told: Callable[..., str]) -> None:
    line = told("flyleaf.errors", "unavailable", logging.ERROR, cause="no server", request_id=None)
    assert line.endswith("  ERROR: unavailable cause=no server")


@pytest.mark.parametrize("evil", ["\n12:00:00  forged", "\r", "\x1b[2J", "\u2028", "\x85", "\0", "\ud800", "\u202e"])
def test_no_input_breaks_a_line_of_a_terminal_or_commands_it(told: Callable[..., str], evil: str) -> None:
    for line in (
        told(message=f"path {evil}"),
        told(path=evil),
        told("flyleaf.requests", "request", method="GET", path=evil, status=404, milliseconds=1),
    ):
        assert line.isprintable()


def test_a_traceback_follows_line_by_line(told: Callable[..., str]) -> None:
    lines = told(error=ValueError("what was typed\nDETAIL: more")).splitlines()
    assert lines[-1] == "    ValueError: what was typed"


PROGRAM = """
import logging, sys
from flyleaf.logs import configure_logging
configure_logging(*sys.argv[1:])
logging.getLogger("flyleaf.test").info("a line", extra={"number": 7})
"""


def logged(*arguments: str, terminal: bool) -> str:
    """What a program logs whose stderr is a terminal, or is none."""
    if not terminal:
        done = subprocess.run([sys.executable, "-c", PROGRAM, *arguments], capture_output=True, text=True, check=True)
        return done.stderr
    ours, theirs = pty.openpty()
    try:
        subprocess.run([sys.executable, "-c", PROGRAM, *arguments], stderr=theirs, check=True)
        return os.read(ours, 10_000).decode()
    finally:
        os.close(ours)
        os.close(theirs)


@pytest.mark.parametrize(
    ("arguments", "terminal", "is_json"),
    [
        ((), True, False),
        ((), False, True),
        (("auto",), True, False),
        (("json",), True, True),
        (("text",), False, False),
    ],
)
def test_on_a_terminal_it_is_for_people_unless_the_setting_says_otherwise(
    arguments: tuple[str, ...], terminal: bool, is_json: bool
) -> None:
    line = logged(*arguments, terminal=terminal).strip()
    assert line.startswith("{") is is_json
    assert "a line" in line
    if is_json:
        assert json.loads(line)["number"] == 7
    else:
        assert line.endswith("a line number=7")
