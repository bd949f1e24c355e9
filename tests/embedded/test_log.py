"""The server's log keeps its newest part and stays within its bound."""

import os
from pathlib import Path

from flyleaf.embedded.log import KEPT, LONGEST, Log


def _log(path: Path) -> Log:
    return Log(os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600), path)


def test_it_is_cut_down_to_its_newest_part(tmp_path: Path) -> None:
    log = _log(tmp_path / "log")
    writer = os.open(tmp_path / "log", os.O_WRONLY | os.O_APPEND)
    os.write(writer, b"old\n" + b"x" * LONGEST + b"new\n")
    log.trim()
    os.write(writer, b"newer\n")
    os.close(writer)
    os.close(log.descriptor)
    kept = (tmp_path / "log").read_bytes()
    assert len(kept) == KEPT + len(b"newer\n")
    assert kept.endswith(b"new\nnewer\n")


def test_the_reason_is_the_first_fatal_line_since_the_mark(tmp_path: Path) -> None:
    log = _log(tmp_path / "log")
    os.write(log.descriptor, b"12:00 FATAL:  an older one\n")
    log.mark()
    assert log.complaint() == "it said nothing"
    os.write(log.descriptor, b"12:01 LOG:  starting\n12:01 FATAL:  no space left\n12:01 FATAL:  another\n")
    assert log.complaint() == "no space left"
    os.close(log.descriptor)
