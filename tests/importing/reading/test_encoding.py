"""The encodings in which catalogues come, and what is said of bytes that are none."""

from pathlib import Path

import pytest

from flyleaf.importing.reading.source import BLOCK, UnusableFileError, open_source
from tests.importing.files import written

DAMAGED = "Line {line} contains a byte that is not UTF-8: the text there is damaged. The rest is read."
TEXT = "isbn,title\n1,Café\n2,Emma\n"


def text_of(folder: Path, content: bytes, encoding: str | None = None) -> tuple[str, list[str]]:
    """The text, and what is remarked."""
    with open_source(written(folder, content)) as source:
        return "".join(source.lines(encoding)), source.remarks


@pytest.mark.parametrize(
    "content",
    [
        TEXT.encode(),
        TEXT.encode("utf-8-sig"),
        TEXT.encode("utf-16"),
        b"\xfe\xff" + TEXT.encode("utf-16-be"),
        TEXT.encode("utf-16-le"),
        TEXT.encode("utf-16-be"),
        TEXT.encode("utf-32"),
        b"\x00\x00\xfe\xff" + TEXT.encode("utf-32-be"),
    ],
)
def test_unicode_is_read_in_every_form(tmp_path: Path, content: bytes) -> None:
    assert text_of(tmp_path, content) == (TEXT, [])


def test_windows_1252_is_read_with_a_word_about_it(tmp_path: Path) -> None:
    content = b"isbn,title\r\n1,Emma\r2,Caf\xe9 \x80 \x93\x94\n3,\x81\x8d\x8f\x90\x9d\xa0\xff\n"
    assert text_of(tmp_path, content) == (
        "isbn,title\r\n1,Emma\r2,Café € “”\n3,\x81\x8d\x8f\x90\x9d\xa0ÿ\n",
        ["Line 3 is not UTF-8: the file is read as Windows-1252 (Latin-1)."],
    )


def test_windows_1252_may_show_late(tmp_path: Path) -> None:
    rows = b"1,Emma\n" * (BLOCK // 3)
    text, remarks = text_of(tmp_path, rows + b"2,Caf\xe9\n3,M\xfcller\n")
    assert text == rows.decode() + "2,Café\n3,Müller\n"
    assert remarks == [f"Line {BLOCK // 3 + 1} is not UTF-8: the file is read as Windows-1252 (Latin-1)."]


def test_a_letter_cut_off_at_the_end_is_windows_1252_too(tmp_path: Path) -> None:
    assert text_of(tmp_path, b"isbn,title\n1,Caf\xc3")[0] == "isbn,title\n1,CafÃ"


@pytest.mark.parametrize(
    "text",
    [
        "„SPAß“ »SPAß« ›SPAß‹ ‚SPAß‘",
        "“CAFÉ” ‘CAFÉ’ CAFÉ… CAFÉ–BAR CAFÉ—BAR CAFÉ•BAR CAFÉ·BAR CAFÉ™ CAFÉ®",
        "«\xa0déjà\xa0» «\xa0DÉJÀ\xa0» “‘olé’” Voß´ Spaß\xadvogel",
        "Ça va? À l'œuvre, ŒUVRES DE LOUŸS, MAÇÃS, ÂGE D’OR, Nº 1, 1ª, ¿Qué?",
    ],
)
def test_windows_1252_with_bytes_that_are_utf8_too(tmp_path: Path, text: str) -> None:
    assert text_of(tmp_path, f"isbn,title\n1,é\n2,{text}\n".encode("cp1252"))[0] == f"isbn,title\n1,é\n2,{text}\n"


@pytest.mark.parametrize("letters", ["é", "à", "Ó", "û", "\xa0", "č", "“", "Война", "東", "😀"])
@pytest.mark.parametrize("rows", [0, 1, BLOCK - 1])
def test_one_damaged_byte_does_not_make_utf8_windows_1252(tmp_path: Path, letters: str, rows: int) -> None:
    content = b"isbn,title\n1,Bad \xc3,\n" + b"a,b\n" * rows + f"3,Caf{letters}\n".encode()
    text, remarks = text_of(tmp_path, content)
    assert text == "isbn,title\n1,Bad \udcc3,\n" + "a,b\n" * rows + f"3,Caf{letters}\n"
    assert remarks == [DAMAGED.format(line=2)]


@pytest.mark.parametrize("letter", ["é", "č", "東", "😀"])
@pytest.mark.parametrize("before", range(1, 5))
def test_a_letter_in_utf8_shows_where_blocks_meet(tmp_path: Path, letter: str, before: int) -> None:
    head = b"isbn,title\n1,Bad \xc3,\n2,"
    content = head + b"x" * (BLOCK - len(head) - before) + letter.encode() + b"\n"
    text, remarks = text_of(tmp_path, content)
    assert text.encode(errors="surrogateescape") == content
    assert "Bad \udcc3," in text
    assert letter in text
    assert remarks == [DAMAGED.format(line=2)]


@pytest.mark.parametrize(
    ("content", "text", "line"),
    [
        ("isbn,titlé\n1,Caf".encode() + b"\xe9\n", "isbn,titlé\n1,Caf\udce9\n", 2),
        ("isbn,titlé\r\r\n".encode() + b"\xed\xa0\x80", "isbn,titlé\r\r\n\udced\udca0\udc80", 3),
        ("isbn,titlé\n".encode() * BLOCK + b"\xc3", "isbn,titlé\n" * BLOCK + "\udcc3", BLOCK + 1),
        (b"\xef\xbb\xbfisbn,title\n1,Caf\xe9\n", "isbn,title\n1,Caf\udce9\n", 2),
    ],
    ids=range(4),
)
def test_a_damaged_byte_becomes_half_a_letter(tmp_path: Path, content: bytes, text: str, line: int) -> None:
    assert text_of(tmp_path, content) == (text, [DAMAGED.format(line=line)])


def test_what_shows_too_late_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("flyleaf.importing.reading.encoding.UNDECIDED_MAX", BLOCK)
    content = b"isbn,title\n1,Bad \xc3,\n" + b"a,b\n" * BLOCK + "3,Café\n".encode()
    with pytest.raises(UnusableFileError) as caught:
        text_of(tmp_path, content)
    problem = "byte 0xc3 is not UTF-8, and the rest is not Windows-1252: fix this line and save the file as"
    assert str(caught.value).startswith(f"line 2: {problem}")


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("isbn,title\n".encode("utf-16") + b"\x00\xd8\n\x00", "line 2: byte 0x00 is not UTF-16-LE: save the file"),
        ("isbn,title\n".encode("utf-16") + b"1", "line 2: byte 0x31 is not UTF-16-LE"),
        (b"", "it is empty: the first line must name the columns isbn, title, author and year."),
        (b"\xef\xbb\xbf", "it is empty"),
        (b"\xff\xfe", "it is empty"),
        (b"\n\r\n  \n", "it is empty"),
        (b"\x7fELF\x02\x01\x01" + bytes(57), "it is not text but binary data: save it as CSV"),
        (bytes(range(256)) * 1024, "it is not text but binary data"),
        (bytes(BLOCK), "it is not text but binary data"),
    ],
)
def test_what_is_in_no_encoding(tmp_path: Path, content: bytes, problem: str) -> None:
    with pytest.raises(UnusableFileError) as caught:
        text_of(tmp_path, content)
    assert str(caught.value).startswith(problem)


def test_a_nul_in_a_line_is_handed_on(tmp_path: Path) -> None:
    assert text_of(tmp_path, b"isbn,title,author,year\n1,\x00,b,1\n")[0] == "isbn,title,author,year\n1,\x00,b,1\n"


def test_a_format_may_know_the_encoding(tmp_path: Path) -> None:
    assert text_of(tmp_path, "isbn,Café\n".encode(), "iso-8859-1") == ("isbn,CafÃ©\n", [])


def test_a_mark_knows_better_than_the_format(tmp_path: Path) -> None:
    assert text_of(tmp_path, "isbn,Café\n".encode("utf-8-sig"), "iso-8859-1") == ("isbn,Café\n", [])


def test_an_encoding_that_a_format_knows_and_the_file_breaks(tmp_path: Path) -> None:
    assert text_of(tmp_path, b"isbn,title\n1,Caf\xe9\n", "utf-8")[0] == "isbn,title\n1,Caf\udce9\n"
    with pytest.raises(UnusableFileError, match=r"^line 2: byte 0xe9 is not ASCII"):
        text_of(tmp_path, b"isbn,title\n1,Caf\xe9\n", "ascii")
