"""What a cell may hold: each rule with what it makes of cells, good and bad."""

import random
import unicodedata

import pytest

from flyleaf.importing.cleaning.cells import CellError, RowError, clean
from flyleaf.importing.fields import RULES
from flyleaf.importing.table import Reason


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        ("Dune", "Dune"),
        ("", ""),
        ("  The  Black Unicorn ", "The Black Unicorn"),
        ("a\tb\r\nc\x0bd\u00a0e\u2028f\u3000g", "a b c d e f g"),
        ("Cafe\u0301", "Caf\u00e9"),
        ("\u1103\u1161", "\ub2e4"),
        ("nul\x01 bell\x07 esc\x1b[31m del\x7f c1\x9b", "nul bell esc[31m del c1"),
        ("a \x01 b", "a b"),
        ("\ufeffDune", "Dune"),
        ("a | b", "a | b"),
        ("C:\\dir \\N \\.", "C:\\dir \\N \\."),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("=1+1", "=1+1"),
    ],
)
def test_clean(cell: str, text: str) -> None:
    assert clean(cell) == text


@pytest.mark.parametrize(
    ("field", "cell", "text"),
    [
        ("year", "1965", "1965"),
        ("year", " 1965 ", "1965"),
        ("year", "", ""),
        ("year", "-500", "-500"),
        ("year", "+0800", "800"),
        ("year", "c1999", "1999"),
        ("year", "1999.0", "1999"),
        ("year", "1999-05-01", "1999"),
        ("year", "१९९९", "1999"),
        ("year", "8", "8"),
        ("year", "180.0", "180"),
        ("year", "0101-01-01T00:00:00+00:00", ""),
        ("year", "0100-12-31T19:00:00-05:00", ""),
        ("year", "0101-01-01", ""),
        ("title", "The <i>Iliad</i> &amp; more", "The Iliad & more"),
        ("title", "<p>Dune</p>", "Dune"),
        ("title", "H<sub>2</sub>O<br/>and &#x201C;life&rdquo;", "H2O and “life”"),
        ("title", "I <3 You", "I <3 You"),
        ("title", "<![CDATA[Emma]]>", "Emma"),
        ("title", "<!-- old -->Emma", "Emma"),
        ("title", "Learn <!-- and <canvas>", "Learn <!-- and <canvas>"),
        ("title", "<del>Emma</del> <ins>Clara</ins>", "Emma Clara"),
        ("description", "<![CDATA[<p>One &amp; two</p>]]>", "One & two"),
        ("description", "<!DOCTYPE html><?xml version='1.0'?><p>One</p>", "One"),
        (
            "description",
            "<del>One</del> <blink>two</blink> <iframe src='x'></iframe><embed src=x>three",
            "One two three",
        ),
        ("description", "<my-note>One</my-note>", "One"),
        ("description", "<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>", "a b\nc"),
        ("description", "<ruby>漢<rp>(</rp><rt>kan</rt><rp>)</rp></ruby>", "漢(kan)"),
        ("description", "Learn the <canvas> and <video> of HTML", "Learn the <canvas> and <video> of HTML"),
        ("description", "A List<String> <!-- and <script> of", "A List<String> <!-- and <script> of"),
        ("title", "A<B>C: 5 < 6 > 4, <Insert title here>", "A<B>C: 5 < 6 > 4, <Insert title here>"),
        ("title", "Using <b> and </i> in <canvas>", "Using <b> and </i> in <canvas>"),
        ("title", "&amp;lt;b&amp;gt; &lt;i&gt;x&lt;/i&gt;", "&lt;b&gt; <i>x</i>"),
        ("title", "AT&T, R&D; &copy 2000 &bogus; &amp", "AT&T, R&D; &copy 2000 &bogus; &amp"),
        ("title", "a&nbsp;b&#0;&#1;c&#x1F600;", "a b\ufffdc😀"),
        ("author", "Charlotte Bront&euml; &amp; <em>Emily</em>", "Charlotte Brontë & Emily"),
        ("publisher", "Simon &amp; Schuster", "Simon & Schuster"),
        ("description", "One  line \n here", "One line\nhere"),
        ("description", "First.\n\n \r\nSecond.\n", "First.\n\nSecond."),
        ("description", "<p>First &amp;\n more.</p>\n<p>Second<br />line.</p>", "First & more.\n\nSecond\nline."),
        ("description", "a<br><br/>b\nc", "a\n\nb c"),
        ("description", "<div>a<ul><li>x</li><li>y</li></ul></div>", "a\n\n• x\n• y"),
        ("description", "a <b>b</b>\n\nc <!-- d --><script>e()</script>", "a b\n\nc"),
        ("description", "5 < 6 &lt;p&gt; <foo> <a href='x>y' title=\"z\">link</a>", "5 < 6 <p> <foo> link"),
        ("description", "<p>\u00a0</p>", ""),
        ("pages", "412", "412"),
        ("pages", "", ""),
        ("average_rating", "4.26", "4.26"),
        ("average_rating", "5", "5"),
        ("average_rating", "0.00", "0.00"),
        ("ratings_count", "0", "0"),
        ("ratings_count", "2147483647", "2147483647"),
        ("author", "", ""),
        ("title", "x" * 1000, "x" * 1000),
        ("language", "zh-Hant", "zh-Hant"),
        ("language", "eng", "en"),
        ("language", " French ", "fr"),
        ("language", "und", ""),
        ("language", "", ""),
    ],
)
def test_good_cells(field: str, cell: str, text: str) -> None:
    assert RULES[field].cell(cell) == text
    assert list(RULES[field].column([cell, cell])) == [text, text]


@pytest.mark.parametrize(
    ("field", "cell", "reason"),
    [
        ("year", "20015", "year '20015' has no year from -3000 to 2100"),
        ("year", "9" * 400, f"year '{'9' * 40}…' has no year from -3000 to 2100"),
        ("year", "0", "year '0' has no year from -3000 to 2100"),
        ("year", "\x1b[2J", "year '\\x1b[2J' has no year from -3000 to 2100"),
        ("pages", "0", "pages '0' is not between 1 and 100000"),
        ("pages", "300 p.", "pages '300 p.' is not a whole number"),
        ("average_rating", "5.01", "average_rating '5.01' is not a number from 0 to 5"),
        ("average_rating", "-1", "average_rating '-1' is not a number from 0 to 5"),
        ("average_rating", "nan", "average_rating 'nan' is not a number from 0 to 5"),
        ("average_rating", "4,5", "average_rating '4,5' is not a number from 0 to 5"),
        ("ratings_count", "2147483648", "ratings_count '2147483648' is not between 0 and 2147483647"),
        ("author", "x" * 501, "author has 501 characters, more than 500"),
        ("publisher", "x" * 501, "publisher has 501 characters, more than 500"),
        ("description", "x" * 20_001, "description has 20,001 characters, more than 20,000"),
        (
            "language",
            "Klingonish",
            "language 'Klingonish' is not known: use a code such as en or eng, or its English name",
        ),
    ],
)
def test_cells_that_are_left_empty(field: str, cell: str, reason: str) -> None:
    with pytest.raises(CellError) as caught:
        RULES[field].cell(cell)
    assert str(caught.value) == reason
    with pytest.raises(CellError):
        RULES[field].column(["", cell])


@pytest.mark.parametrize(
    ("field", "cell", "reason"),
    [
        ("title", "", "it has no title"),
        ("title", " \t\u00a0\x01", "it has no title"),
        ("title", "x" * 1001, "title has 1,001 characters, more than 1,000"),
    ],
)
def test_cells_that_refuse_their_row(field: str, cell: str, reason: str) -> None:
    with pytest.raises(RowError) as caught:
        RULES[field].cell(cell)
    assert str(caught.value) == reason
    with pytest.raises(RowError):
        RULES[field].column(["fine", cell])


@pytest.mark.parametrize("cell", ["Caf\udce9", "a\0b"])
def test_damaged_cells(cell: str) -> None:
    """A lone surrogate is what the decoder makes of a byte that is no text."""
    problem = f"{cell!r} contains bytes that are not text"
    for field in ("title", "author"):
        with pytest.raises(RowError) as caught:
            RULES[field].cell(cell)
        assert (str(caught.value), caught.value.reason) == (f"{field} {problem}", Reason.DAMAGED)
    for field in ("publisher", "description"):
        with pytest.raises(CellError) as left_empty:
            RULES[field].cell(cell)
        assert str(left_empty.value) == f"{field} {problem}"
        with pytest.raises(CellError):
            RULES[field].column(["", cell])


def test_a_column_at_once_gives_what_its_cells_give_one_by_one() -> None:
    dice = random.Random()
    letters = [
        "a",
        "é",
        "e",
        "\u0301",
        "\u0327",
        " ",
        " ",
        "|",
        "\t",
        "\u00a0",
        "\x01",
        "\u200c",
        "\ud55c",
        "\u1100",
        "\u1161",
    ]
    for _ in range(3_000):
        cells = ["".join(dice.choices(letters, k=dice.randint(0, 4))) for _ in range(dice.randint(1, 3))]
        column = list(RULES["author"].column(cells))
        assert column == [clean(cell) for cell in cells], cells
        for text in column:
            assert unicodedata.is_normalized("NFC", text)
            assert text == " ".join(text.split())
