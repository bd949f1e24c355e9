"""Where a catalogue comes from: files, standard input, pipes; and its lines, wherever the blocks end."""

import io
import os
import random
import re
import subprocess
import sys
import threading
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from flyleaf.config import PROJECT
from flyleaf.importing.reading.packed_file import PackedFile
from flyleaf.importing.reading.source import BLOCK, LINE_MAX, Source, UnusableFileError, open_source
from tests.importing.files import DUNE, HEADER, written

CONTENT = (HEADER + DUNE).encode()


def lines_of(folder: Path, content: bytes) -> list[str]:
    with open_source(written(folder, content)) as source:
        return list(source.lines())


@contextmanager
def standard_input(file: int) -> Iterator[None]:
    """For as long, `file` is this process's standard input."""
    saved = os.dup(0)
    os.dup2(file, 0)
    try:
        yield
    finally:
        os.dup2(saved, 0)
        os.close(saved)


@contextmanager
def pipe(content: bytes) -> Iterator[None]:
    """For as long, standard input is a pipe that gives the content, in pieces of odd sizes."""
    reader, writer = os.pipe()

    def write() -> None:
        with suppress(BrokenPipeError), os.fdopen(writer, "wb", buffering=0) as file:
            for start in range(0, len(content), 1013):
                file.write(content[start : start + 1013])

    thread = threading.Thread(target=write)
    thread.start()
    with standard_input(reader):
        os.close(reader)
        yield
    thread.join(10)


def test_a_file_knows_how_far_it_is_read(tmp_path: Path) -> None:
    content = CONTENT * (2 * BLOCK // len(CONTENT))
    with open_source(written(tmp_path, content)) as source:
        assert (source.size, source.position) == (len(content), BLOCK)
        assert source.head == content[:BLOCK]
        assert "".join(source.lines()) == content.decode()
        assert source.position == len(content)


def test_bytes_are_given_from_the_beginning(tmp_path: Path) -> None:
    content = bytes(range(256)) * 3_000
    with open_source(written(tmp_path, content)) as source:
        assert source.head == content[:BLOCK]
        assert source.binary.read(5) == content[:5]
        assert source.binary.read() == content[5:]


def test_blocks_are_of_whole_lines(tmp_path: Path) -> None:
    content = CONTENT * (3 * BLOCK // len(CONTENT))
    with open_source(written(tmp_path, content)) as source:
        blocks = list(source.text_blocks())
    assert "".join(blocks) == content.decode()
    assert {block[-1] for block in blocks} == {"\n"}
    assert 3 <= len(blocks) <= 4


def test_standard_input_that_is_a_pipe() -> None:
    content = CONTENT * 9_000
    with pipe(content), open_source(Path("-")) as source:
        assert len(source.head) == BLOCK
        assert "".join(source.lines()) == content.decode()
        assert (source.size, source.position) == (None, len(content))


def test_standard_input_that_is_a_file(tmp_path: Path) -> None:
    with written(tmp_path, CONTENT).open("rb") as file, standard_input(file.fileno()), open_source(Path("-")) as source:
        assert list(source.lines()) == [HEADER, DUNE]
        assert source.size == source.position == len(CONTENT)


def test_a_zip_archive_in_a_pipe() -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("books.csv", CONTENT * 9_000)
    with pipe(packed.getvalue()), open_source(Path("-")) as source:
        assert "".join(source.lines()) == CONTENT.decode() * 9_000
        assert source.size == source.position == len(CONTENT) * 9_000


def test_a_zip_archive_in_a_pipe_has_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("flyleaf.importing.reading.packed_file.SPOOL_MAX", BLOCK)
    problem = r"it is a ZIP archive of over 262,144 bytes in a pipe: save it as a file and import that\."
    with (
        pipe(b"PK\x03\x04" + bytes(3 * BLOCK)),
        pytest.raises(UnusableFileError, match=problem),
        open_source(Path("-")),
    ):
        pass


def test_a_pipe_that_does_not_wait_is_waited_for() -> None:
    reader, writer = os.pipe()
    os.set_blocking(reader, False)

    def write() -> None:
        os.write(writer, CONTENT)
        os.close(writer)

    with standard_input(reader), open_pipe_later(write) as source:
        os.close(reader)
        assert list(source.lines()) == [HEADER, DUNE]


@contextmanager
def open_pipe_later(write: Callable[[], None]) -> Iterator[Source]:
    """Standard input, to which something is written while it is waited for."""
    timer = threading.Timer(0.05, write)
    timer.start()
    with open_source(Path("-")) as source:
        yield source
    timer.join(10)


def test_a_named_pipe(tmp_path: Path) -> None:
    path = tmp_path / "books"
    os.mkfifo(path)
    writer = threading.Thread(target=path.write_bytes, args=(CONTENT,))
    writer.start()
    with open_source(path) as source:
        assert list(source.lines()) == [HEADER, DUNE]
        assert source.size is None
    writer.join(10)


def test_standard_input_that_is_a_terminal() -> None:
    controller, terminal = os.openpty()
    problem = r"it is a terminal: redirect a file to it \(< books.csv\), or name one\."
    with standard_input(terminal), pytest.raises(UnusableFileError, match=problem), open_source(Path("-")):
        pass
    os.close(controller)
    os.close(terminal)


def test_standard_input_that_is_closed() -> None:
    program = (
        "import os; from pathlib import Path; from flyleaf.importing.reading.source import open_source\n"
        "os.close(0)\n"
        "with open_source(Path('-')): pass"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=PROJECT, timeout=60)
    assert done.stderr.endswith("UnusablePathError: it can't be opened: Bad file descriptor.\n")


def test_standard_input_that_is_a_folder(tmp_path: Path) -> None:
    folder = os.open(tmp_path, os.O_RDONLY)
    problem = "it can't be opened: Is a directory"
    with standard_input(folder), pytest.raises(UnusableFileError, match=problem), open_source(Path("-")):
        pass
    os.close(folder)


def test_a_folder(tmp_path: Path) -> None:
    with pytest.raises(UnusableFileError, match="it is a folder: name a file in it"), open_source(tmp_path):
        pass


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(UnusableFileError, match="there is no such file"), open_source(tmp_path / "no.csv"):
        pass


def test_a_name_with_a_nul(tmp_path: Path) -> None:
    with pytest.raises(UnusableFileError, match="it can't be opened: embedded null"), open_source(tmp_path / "a\0b"):
        pass


@pytest.mark.parametrize("path", ["/dev/zero", "/dev/null"])
def test_a_device(path: str) -> None:
    with pytest.raises(UnusableFileError, match="it is a device or a socket"), open_source(Path(path)):
        pass


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read(tmp_path: Path) -> None:
    path = written(tmp_path, CONTENT)
    path.chmod(0)
    with pytest.raises(UnusableFileError, match="it can't be opened: Permission denied"), open_source(path):
        pass


class BrokenDisk(io.FileIO):
    """Can't be read from its second block on."""

    def readinto(self, target: bytearray) -> int | None:  # type: ignore[override]
        if self.tell() >= BLOCK:
            raise OSError(5, "Input/output error")
        return super().readinto(target)


def test_a_file_that_fails_while_it_is_read(tmp_path: Path) -> None:
    path = written(tmp_path, CONTENT * (2 * BLOCK // len(CONTENT)))
    with PackedFile(BrokenDisk(path), path.stat().st_size) as file:
        lines = Source(file).lines()
        assert next(lines) == HEADER
        with pytest.raises(UnusableFileError, match=r"^it can't be read: Input/output error\.$"):
            list(lines)


def test_line_ends_stay_as_they_are(tmp_path: Path) -> None:
    content = b"a\nb\r\nc\rd\n\re\r\r\nf\x0bg\x0ch\xc2\x85i\xe2\x80\xa8j"
    assert lines_of(tmp_path, content) == [
        *("a\n", "b\r\n", "c\r", "d\n", "\r", "e\r", "\r\n"),
        "f\x0bg\x0ch\x85i\u2028j",
    ]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "cp1252"])
@pytest.mark.parametrize("size", [1, 2, 3, 4, 5, 6, 7, 11, 64])
def test_the_lines_are_the_same_wherever_blocks_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, encoding: str, size: int
) -> None:
    monkeypatch.setattr("flyleaf.importing.reading.source.BLOCK", size)
    dice = random.Random(size)
    letters = ["a", ",", "\n", "\r\n", "\r", "é", "”"] + (["東", "😀"] if encoding != "cp1252" else [])
    text = "isbn,title\n" + "".join(dice.choices(letters, k=500))
    assert lines_of(tmp_path, text.encode(encoding)) == re.findall(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+$", text)


def test_a_line_of_ten_million_letters_is_a_line(tmp_path: Path) -> None:
    content = b"isbn,title\n1," + b"x" * 10_000_000 + b"\n2,b\n"
    assert [len(line) for line in lines_of(tmp_path, content)] == [11, 10_000_003, 4]


@pytest.mark.parametrize("end", [b"", b"\n"])
def test_a_line_that_is_too_long_is_reported_with_its_number(tmp_path: Path, end: bytes) -> None:
    content = b"isbn,title\n1,a\r\n2,b\r3," + b"x" * (LINE_MAX + BLOCK) + end
    with pytest.raises(UnusableFileError, match=r"^line 4: it is longer than 16,777,216 characters: is this a text"):
        lines_of(tmp_path, content)


def test_any_bytes_are_text_or_an_unusable_file(tmp_path: Path) -> None:
    """Random ones, with and without what packed and marked files begin with."""
    dice = random.Random(7)
    starts = (
        b"",
        b"isbn,title\n",
        b"\x1f\x8b\x08\x00",
        b"PK\x03\x04",
        b"BZh9",
        b"\xfd7zXZ\x00",
        b"\xff\xfe",
        b"\xfe\xff",
    )
    for number in range(800):
        path = tmp_path / "books"
        path.write_bytes(dice.choice(starts) + dice.randbytes(dice.randint(0, 300)))
        try:
            with open_source(path) as source:
                assert all(isinstance(line, str) for line in source.lines()), number
        except UnusableFileError as error:
            assert len(str(error).splitlines()) == 1  # noqa: PT017 (it may raise, and may not)
