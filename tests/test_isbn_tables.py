"""The check digits that flyleaf.isbn computes from tables, against python-stdnum's."""

import random

import pytest
from stdnum import isbn as stdnum

from flyleaf.isbn import isbn13


def expected(compact: str) -> str | None:
    return str(stdnum.to_isbn13(compact)) if stdnum.is_valid(compact) else None


def test_random_numbers_of_ten() -> None:
    dice = random.Random()
    for _ in range(5_000):
        nine = "".join(dice.choices("0123456789", k=9))
        compact = nine + dice.choice("0123456789X")
        assert isbn13(compact) == expected(compact), compact


def test_random_numbers_of_thirteen() -> None:
    dice = random.Random()
    for _ in range(5_000):
        compact = dice.choice(("978", "979", "977", "000")) + "".join(dice.choices("0123456789", k=10))
        assert isbn13(compact) == expected(compact), compact


@pytest.mark.parametrize("place", range(9))
def test_every_digit_at_every_place_has_exactly_one_check_digit(place: int) -> None:
    for digit in "0123456789":
        nine = "0" * place + digit + "0" * (8 - place)
        right = [check for check in "0123456789X" if isbn13(nine + check)]
        assert [nine + check for check in right] == [stdnum.to_isbn10(stdnum.to_isbn13(nine + right[0]))]


@pytest.mark.parametrize("nine", ["000000000", "999999999", "123456789"])
def test_the_ends_of_the_range(nine: str) -> None:
    for compact in [nine + check for check in "0123456789X"] + [f"97{p}{nine}{d}" for p in "89" for d in range(10)]:
        assert isbn13(compact) == expected(compact), compact


@pytest.mark.parametrize(
    "text",
    ["", "X", "044117271", "0-441-17271-7", " 0441172717", "0441172717 ", "044117271७", "97804411727170",
     "9780441172X17", "X441172717", "044117271x", "９７８０４４１１７２７１９", "0441172717\n"],
)  # fmt: skip
def test_what_is_not_compact_is_none(text: str) -> None:
    assert isbn13(text) is None
