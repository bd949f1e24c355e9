"""The log: one JSON object a line."""

import json
import logging
import subprocess
import sys

import pytest

from flyleaf.logs import JsonFormatter


@pytest.fixture
def line():
    """What one record becomes."""

    def log(message="something", *values, **more):
        logger = logging.Logger("flyleaf.test")
        lines = []
        handler = logging.Handler()
        handler.setFormatter(JsonFormatter())
        handler.emit = lambda record: lines.append(handler.format(record))
        logger.addHandler(handler)
        logger.error(message, *values, **more)
        return lines[0]

    return log


def test_a_line_says_when_how_bad_and_what(line):
    record = json.loads(line("something %s", "happened"))
    assert record["event"] == "something happened"
    assert record["level"] == "error"
    assert record["time"].endswith("Z")
    assert len(record["time"]) == len("2026-11-24T08:00:00.000Z")


def test_extras_are_members(line):
    record = json.loads(line(extra={"request_id": "abc", "milliseconds": 1.5}))
    assert record["request_id"] == "abc"
    assert record["milliseconds"] == 1.5


@pytest.mark.parametrize(
    "evil", ['\n{"event": "forged"}', "\r\n", "\x1b[2J", "\u2028", "\u0085", '"', "\\", "\0", "\ud800", "\x7f", "é"]
)
def test_no_input_breaks_a_line(line, evil):
    for text in (line("path " + evil), line("path %s", evil), line(extra={"path": evil})):
        assert "\n" not in text
        assert text.isascii()
        assert text.replace("\x7f", "").isprintable()
        record = json.loads(text)
        assert evil in record["event"] or record["path"] == evil


def test_what_json_does_not_know_is_written_as_text(line):
    assert json.loads(line(extra={"thing": {1, 2}, "path": json}))["thing"] == "{1, 2}"


def test_a_traceback_is_a_member_and_shows_the_cause_but_no_data(line):
    words = "Private words."
    cause, error = ValueError(f"violates a check\nDETAIL: Failing row ({words})"), RuntimeError(f"failed\n[{words}]")
    error.__cause__ = cause
    text = line(exc_info=error)
    assert "\n" not in text
    assert "RuntimeError: failed" in text
    assert "ValueError: violates a check" in text
    assert words not in text


def test_a_traceback_says_where(line):
    try:
        int("x")
    except ValueError:
        text = line(exc_info=True)
    assert "test_logs.py" in json.loads(text)["traceback"]


def test_what_a_reader_searches_for_is_not_in_the_lines_of_flask_run():
    program = (
        "import logging; from flyleaf.logs import configure_logging; configure_logging();"
        "logger = logging.getLogger('werkzeug'); logger.setLevel(logging.INFO);"
        "logger.info('127.0.0.1 - - [24/Nov/2026 08:57:47] \"GET /search?q=secret HTTP/1.1\" 200 -');"
        "logger.info(' * Running on http://127.0.0.1:5000')"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    [line] = done.stderr.splitlines()
    assert json.loads(line)["event"] == " * Running on http://127.0.0.1:5000"


def test_lines_go_to_stderr_once_however_often_it_is_configured():
    program = (
        "import logging; from flyleaf.logs import configure_logging;"
        "configure_logging(); configure_logging();"
        "logging.getLogger('flyleaf').info('first\\nline'); logging.getLogger('other').debug('too detailed')"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == ""
    [line] = done.stderr.splitlines()
    assert json.loads(line)["event"] == "first\nline"
