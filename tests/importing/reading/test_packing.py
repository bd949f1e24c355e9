"""Compressed files and archives: read whatever their names, refused where they are broken, or bombs."""

import bz2
import gzip
import io
import lzma
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from flyleaf.config import PROJECT
from flyleaf.importing.reading.source import UnusableFileError, open_source
from tests.importing.files import DUNE, HEADER, written

CONTENT = (HEADER + DUNE).encode()
# Bytes that don't shrink, so that a few of them can be changed or cut off.
LONG = HEADER.encode() + b"".join(b"%d\n" % (number**9) for number in range(25_000))


def zipped(members: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", method) as file:
        for name, content in members.items():
            file.writestr(name, content)
    return archive.getvalue()


def read(folder: Path, content: bytes) -> bytes:
    with open_source(written(folder, content)) as source:
        unpacked = source.binary.read()
        assert source.position == source.size
        return unpacked


def packed() -> list[tuple[bytes, bytes]]:
    """Packed content, and what is in it."""
    gz = gzip.compress(LONG)
    return [
        (gzip.compress(CONTENT), CONTENT),
        (gz, LONG),
        (gz + gzip.compress(CONTENT), LONG + CONTENT),
        (gzip.compress(CONTENT) + bytes(200_000) + gzip.compress(CONTENT) + bytes(10), CONTENT * 2),
        (gzip.compress(CONTENT) + gzip.compress(b""), CONTENT),
        (gzip.compress(gz), LONG),
        (bz2.compress(LONG) + bz2.compress(CONTENT), LONG + CONTENT),
        (lzma.compress(LONG, preset=9) + bytes(4) + lzma.compress(CONTENT), LONG + CONTENT),
        (zipped({"books.csv": LONG}), LONG),
        (zipped({"books": LONG}), LONG),
        (zipped({"books.csv": LONG}, zipfile.ZIP_STORED), LONG),
        (zipped({"books.csv.gz": gz}), LONG),
        (zipped({"folder/": b"", "folder/BOOKS.CSV": CONTENT, "folder/README.md": b"!"}), CONTENT),
        (zipped({"__MACOSX/._a.csv": b"!", "a/.DS_Store": b"!", "a/a.csv": CONTENT}), CONTENT),
    ]


def test_what_is_packed_is_read(tmp_path: Path, subtests: pytest.Subtests) -> None:
    for number, (content, unpacked) in enumerate(packed()):
        with subtests.test(str(number)):
            assert read(tmp_path, content) == unpacked


def test_a_packed_file_is_counted_as_it_lies_there(tmp_path: Path) -> None:
    packed = gzip.compress(LONG)
    with open_source(written(tmp_path, packed)) as source:
        assert source.head.startswith(CONTENT[:23])
        assert source.size == len(packed)
        assert 0 < source.position < len(packed)
        assert "".join(source.lines()) == LONG.decode()
        assert source.position == len(packed)


def changed(content: bytes, place: int) -> bytes:
    """With one bit of a byte turned."""
    place %= len(content)
    return content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :]


def encrypted(content: bytes) -> bytes:
    """The archive of one member, marked as encrypted in both of its headers."""
    directory = content.rindex(b"PK\x01\x02")
    return changed(changed(content, 6), directory + 8)


def forged_directory(size: int) -> bytes:
    """An archive whose list of members is said to be so large."""
    end = zipped({})
    return b"PK\x03\x04" + bytes(96) + end[:12] + size.to_bytes(4, "little") + end[16:]


EARLY = "its packed data end too early: copy or download it again."
BROKEN = "its packed data are broken, or followed by something else, before byte "
SEVERAL = "it is a ZIP archive of "


def unusable() -> list[tuple[bytes, str]]:
    """Content that is refused, and how the reason begins."""
    gz, bz, xz = gzip.compress(LONG), bz2.compress(LONG), lzma.compress(LONG)
    return [
        (b"\x1f\x8b\x08\x00\x00\x00\x00\x00", EARLY),
        (gz[:-1], EARLY),
        (gz[:-200_000], EARLY),
        (gz + gzip.compress(CONTENT)[:5], EARLY),
        (changed(gz, -8), BROKEN),  # its check sum
        (changed(gz, -1), BROKEN),  # its length
        (
            gzip.compress(CONTENT) + b"isbn\n",
            f"{BROKEN}{len(gzip.compress(CONTENT)) + 5} (Error -3 while decompressing",
        ),
        (bz[:-1], EARLY),
        (changed(bz, -200_000), BROKEN),
        (bz2.compress(CONTENT) + b"isbn\n", BROKEN),
        (xz[:-1], EARLY),
        (changed(xz, -200_000), BROKEN),
        (lzma.compress(CONTENT) + b"isbn", BROKEN),
        (b"PK\x03\x04\x14\x00", BROKEN),
        (zipped({"a.csv": LONG})[:-1], BROKEN),
        (changed(zipped({"a.csv": LONG}), 200_000), BROKEN),
        (encrypted(zipped({"a.csv": LONG})), "it is encrypted: unpack it with its password first."),
        (zipped({"a.csv": LONG}, zipfile.ZIP_BZIP2), "it is a ZIP archive packed in an unusual way: unpack it first."),
        (forged_directory(2**31), BROKEN),
        (zipped({}), SEVERAL + "no file: unpack it and import the catalogue file."),
        (
            zipped({"a.csv": b"1", "b.TSV": b"2", "c.jpg": b"3"}),
            SEVERAL + "several files ('a.csv', 'b.TSV'): unpack it",
        ),
        (zipped({"a\n.jpg": b"1", "b.png": b"2"}), SEVERAL + "several files ('a\\n.jpg', 'b.png'): unpack it"),
        (
            zipped({"[Content_Types].xml": b"<", "xl/workbook.xml": b"<"}),
            "it is a spreadsheet or another document: save",
        ),
        (
            zipped({"mimetype": b"application/vnd.oasis", "content.xml": b"<"}),
            "it is a spreadsheet or another document",
        ),
        (zipped({"a.zip": zipped({"a.csv": CONTENT})}), "it is a ZIP archive in another file: unpack it first."),
        (gzip.compress(zipped({"a.csv": CONTENT})), "it is a ZIP archive in another file: unpack it first."),
        (gzip.compress(gzip.compress(gzip.compress(CONTENT))), "it is packed more than twice: unpack it first."),
        (b"\x28\xb5\x2f\xfd\x24\x00\x01", "it is compressed with zstd: unpack it first (unzstd)."),
        (b"7z\xbc\xaf\x27\x1c\x00\x04", "it is a 7z archive: unpack it first."),
        (b"Rar!\x1a\x07\x01\x00", "it is a RAR archive: unpack it first."),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "it is an Excel workbook: save it as CSV (UTF-8)."),
        (b"%PDF-1.7\n", "it is a PDF: save the table that it was made from as CSV (UTF-8)."),
    ]


@pytest.mark.slow
def test_what_can_not_be_unpacked(tmp_path: Path, subtests: pytest.Subtests) -> None:
    for number, (content, problem) in enumerate(unusable()):
        with subtests.test(f"{number}: {problem}"):
            with pytest.raises(UnusableFileError) as caught:
                read(tmp_path, content)
            assert str(caught.value).startswith(problem)
            assert len(str(caught.value).splitlines()) == 1


ROWS = (HEADER + DUNE * 30_000).encode()  # a megabyte


def bombs() -> list[tuple[bytes, int]]:
    """Packed gigabytes, and how small they are."""
    return [
        (gzip.compress(gzip.compress(ROWS) * 3_000), 120_000),
        (bz2.compress(ROWS) * 3_000, 1_800_000),
        (lzma.compress(lzma.compress(ROWS) * 3_000), 20_000),
        (zipped({"books.csv.gz": gzip.compress(ROWS) * 3_000}), 120_000),
    ]


@pytest.mark.slow
def test_a_few_bytes_that_unpack_to_gigabytes_are_refused(tmp_path: Path, subtests: pytest.Subtests) -> None:
    for number, (bomb, size) in enumerate(bombs()):
        with subtests.test(str(number)):
            assert len(bomb) < size
            with open_source(written(tmp_path, bomb)) as source:
                blocks = source.text_blocks()
                with pytest.raises(UnusableFileError, match=r"^its first [\d,]+ bytes unpack to over 100,\d{3},\d{3}"):
                    for _ in blocks:
                        pass


def test_a_megabyte_of_the_same_row_is_no_bomb(tmp_path: Path) -> None:
    assert read(tmp_path, gzip.compress(ROWS)) == ROWS


@pytest.mark.slow
def test_memory_is_bounded_whatever_comes_out(tmp_path: Path) -> None:
    """A process reads 60 MB of packed rows in less than half of that, on top of what it has at its start."""
    path = written(tmp_path, gzip.compress(ROWS, 1) * 60)
    program = (
        "import resource, sys; from pathlib import Path; from flyleaf.importing.reading.source import open_source\n"
        "peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "before = peak()\n"
        "with open_source(Path(sys.argv[1])) as source: count = sum(1 for _ in source.lines())\n"
        "print(count, peak() - before)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, path], capture_output=True, text=True, cwd=PROJECT, check=True, timeout=60
    )
    count, grown = map(int, done.stdout.split())
    assert count == 60 * 30_001
    assert grown < (30_000 if sys.platform == "linux" else 30_000_000)  # KiB; macOS counts bytes
