"""The file of a backup: what is written comes back, and what was damaged is found."""

import io
import tarfile
from pathlib import Path

import pytest

from flyleaf.backup import archive
from flyleaf.backup.archive import BackupError, Header, Numbers, Writer, check, open_backup

HEADER = Header("0001", {"books": ["id", "title"], "readers": ["id"]}, "2026-11-28T01:02:03+00:00")
NUMBERS = Numbers({"books": 3, "readers": 0}, {"books": {"id": 7}})
KEY = "a secret key of the tests"


def written(header: Header = HEADER, rows: bytes = b"1\tDune\n2\tEmma\n3\tKim\n") -> bytes:
    out = io.BytesIO()
    writer = Writer(out, header)
    with writer.table("books") as parts:
        for row in rows.splitlines(keepends=True):
            parts.write(row)
    with writer.table("readers"):
        pass
    writer.finish(NUMBERS, KEY)
    return out.getvalue()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "site.backup"
    path.write_bytes(written())
    return path


def test_what_is_written_comes_back(file: Path) -> None:
    with open_backup(str(file), io.BytesIO()) as backup:
        assert (backup.header, backup.numbers, backup.secret_key) == (HEADER, NUMBERS, KEY)
        assert backup.rows("books").read() == b"1\tDune\n2\tEmma\n3\tKim\n"
        assert backup.rows("readers").read() == b""


def test_it_comes_from_a_pipe_too(file: Path) -> None:
    class Pipe(io.BytesIO):
        def seekable(self) -> bool:
            return False

        def seek(self, *_: object) -> int:
            raise io.UnsupportedOperation

    with open_backup("-", Pipe(file.read_bytes())) as backup:
        assert backup.rows("books").read() == b"1\tDune\n2\tEmma\n3\tKim\n"


def test_many_rows_are_held_in_parts(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(archive, "PART", 1000)
    rows = b"".join(b"%d\tbook\n" % number for number in range(1000))
    (tmp_path / "many").write_bytes(written(rows=rows))
    with open_backup(str(tmp_path / "many"), io.BytesIO()) as backup:
        assert backup.rows("books").read() == rows
    with tarfile.open(tmp_path / "many") as tar:
        assert len([name for name in tar.getnames() if name.startswith("tables/books/")]) > 5


def test_any_tar_opens_it(file: Path) -> None:
    with tarfile.open(file) as tar:
        assert tar.getnames()[0] == "flyleaf-backup.json"
        assert "tables/books/00000001.gz" in tar.getnames()


def test_every_flipped_bit_is_found() -> None:
    whole = written()
    damaged = bytearray(whole)
    for place in range(len(whole)):
        damaged[place] ^= 1 << place % 8
        with pytest.raises(BackupError, match=r"damaged or incomplete|not a backup"):
            check(io.BytesIO(damaged), "site.backup")
        damaged[place] = whole[place]
    check(io.BytesIO(damaged), "site.backup")


def test_every_truncation_is_found() -> None:
    whole = written()
    for length in range(0, len(whole), 7):
        with pytest.raises(BackupError, match=r"damaged or incomplete|not a backup"):
            check(io.BytesIO(whole[:length]), "site.backup")


@pytest.mark.parametrize("tail", [b"\n", b"\0", b"x" * 600, written()])
def test_what_was_appended_is_found(tail: bytes) -> None:
    with pytest.raises(BackupError, match="damaged or incomplete"):
        check(io.BytesIO(written() + tail), "site.backup")


@pytest.mark.parametrize(
    "content", [b"", b"isbn,title\n", b"PK\x03\x04", b"\x1f\x8b\x08\0\0", b"flyleaf-backup", b"PGDMP"]
)
def test_other_files_are_told_apart(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "other").write_bytes(content)
    with (
        pytest.raises(BackupError, match=r"other is not a backup of Flyleaf"),
        open_backup(str(tmp_path / "other"), io.BytesIO()),
    ):
        pass


def test_a_newer_format_is_reported(file: Path) -> None:
    file.write_bytes(written(Header("0001", {}, HEADER.made_at, format=2)))
    with pytest.raises(BackupError, match="newer Flyleaf") as refusal, open_backup(str(file), io.BytesIO()):
        pass
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize("name", ["no such file", "."])
def test_what_can_not_be_read_is_reported(tmp_path: Path, name: str) -> None:
    with pytest.raises(BackupError, match="can't be read") as refusal, open_backup(str(tmp_path / name), io.BytesIO()):
        pass
    assert "\n" not in str(refusal.value)
