"""Text set into a box that can't be measured."""

import unicodedata
from itertools import pairwise

import pytest

from flyleaf.covers.typesetting import LONGEST, fit, measure, wrap

SIZES = (38, 30, 24, 18, 14)


def test_lines_are_broken_at_spaces() -> None:
    assert wrap("a bb ccc", measure("a bb")) == ["a bb", "ccc"]


def test_a_word_longer_than_a_line_is_broken_with_a_hyphen() -> None:
    lines = wrap("Donaudampfschifffahrt", 6)
    assert len(lines) > 1
    assert all(line.endswith("-") for line in lines[:-1])
    assert "".join(line.rstrip("-") for line in lines) == "Donaudampfschifffahrt"


def test_ideographs_are_broken_anywhere_and_without_a_hyphen() -> None:
    lines = wrap("吾輩は猫である", 4.3)
    assert "".join(lines) == "吾輩は猫である"
    assert [len(line) for line in lines] == [4, 3]


@pytest.mark.parametrize(
    "text",
    [
        "", "A", "Dune", "x" * 1000, "word " * 200, "MWMWMWMW WWWWWMMMMM", "红楼梦" * 50, "ألف ليلة وليلة",
        "\u0301" * 300, "Преступление и наказание", "🎉" * 60, "e\u0301" * 100, " ",
        "\u202eenuD", "Shakespeare's verse",
    ],
)  # fmt: skip
def test_nothing_is_wider_or_higher_than_its_box(text: str) -> None:
    for width, height in ((124, 120), (162, 60), (114, 30)):
        block = fit(text, width, height, SIZES)
        assert block.size in SIZES
        assert block.height <= height
        for line in block.lines:
            assert measure(line) * block.size <= width + 0.42 * block.size, "a hyphen at most"


@pytest.mark.parametrize(
    "text",
    [
        "สี่แผ่นดินความสุขของกะทิและเรื่องสั้น", "ພາສາລາວເປັນພາສາ", "गोदानक्षत्रियकहानियाँ", "မြန်မာစာအဖွင့်အခန်း", "e\u0301" * 40,
        "\N{FAMILY}\u200d\N{GIRL}" * 20,
    ],
)  # fmt: skip
def test_what_is_one_sign_is_never_broken(text: str) -> None:
    for width in range(2, 8):
        lines = wrap(text, width)
        assert len(lines) > 1
        assert "".join(lines) == text
        for before, line in pairwise(lines):
            assert unicodedata.category(line[0])[0] != "M", (before, line)
            assert line[0] not in "ะาำ"
            assert before[-1] not in "เแโใไ\u200d\u094d\u1039", (before, line)


def test_scripts_without_spaces_are_not_set_small_for_it() -> None:
    assert fit("สี่แผ่นดิน" * 3, 160, 160, SIZES).size > SIZES[-1]


def test_lines_with_marks_above_and_below_stand_further_apart() -> None:
    latin, hindi = (fit(text, 160, 160, (20,)) for text in ("godan", "गोदान"))
    assert hindi.height > latin.height * 1.2


def test_short_titles_are_larger_than_long_ones() -> None:
    assert fit("Dune", 160, 160, SIZES).size == 38
    assert fit("A rather long title of a book that nobody knows", 160, 160, SIZES).size < 38


def test_a_smaller_size_is_better_than_a_broken_word() -> None:
    block = fit("Shakespeare", 160, 160, SIZES)
    assert block.lines == ("Shakespeare",)
    assert block.size < 38


def test_what_fits_in_no_size_ends_in_an_ellipsis() -> None:
    block = fit("word " * LONGEST, 100, 60, SIZES)
    assert block.lines[-1].endswith("…")


@pytest.mark.parametrize(
    ("text", "is_rtl"), [("ألف ليلة", True), ("1984: שלום", True), ("Dune شرق", False), ("123", False)]
)
def test_the_direction_is_that_of_the_first_letter_that_has_one(text: str, is_rtl: bool) -> None:
    assert fit(text, 100, 100, SIZES).is_rtl is is_rtl


def test_marks_that_turn_directions_are_left_out() -> None:
    assert fit("\u202eenuD", 100, 100, SIZES).lines == ("enuD",)
