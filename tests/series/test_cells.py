"""What is read from cells that name series."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flyleaf.limits import SERIES_MAX
from flyleaf.series import Series, UnusableSeriesError, numbered, read_cell, with_series
from flyleaf.series.numbers import number_in


@pytest.mark.every_input
@pytest.mark.parametrize(
    ("cell", "series"),
    [
        ("", ""),
        ("Dune #1", "Dune #1"),
        ("Dune", "Dune"),
        ("Dune, 3", "Dune #3"),
        ("Dune (3)", "Dune #3"),
        ("Dune (Book 3)", "Dune #3"),
        ("Dune (omnibus)", "Dune (omnibus)"),
        ("Best stories (1998)", "Best stories (1998)"),
        ("Dune Chronicles -- bk. 1", "Dune Chronicles #1"),
        ("The Modern library of the world's best books ; no. 55", "The Modern library of the world's best books #55"),
        ("Folio ; 12", "Folio #12"),
        ("Folio ; 12; Dune", "Folio #12; Dune"),
        ("Discworld #34; City Watch #7", "Discworld #34; City Watch #7"),
        ("Discworld (34);City Watch (7)", "Discworld #34; City Watch #7"),
        ("Discworld #1.0", "Discworld #1"),
        ("Discworld #1-3", "Discworld #1-3"),
        ("Discworld; The Discworld #4; discworld series", "Discworld #4"),
        ("The Dune series", "The Dune"),
        ("The series", "The series"),
        ("; ;", ""),
        ("…", ""),
        ("a; b; c; d; e; f", "a; b; c; d; e"),
    ],
)
def test_what_is_read_from_a_cell(cell: str, series: str) -> None:
    assert read_cell(cell) == series
    assert read_cell(series) == series


@pytest.mark.parametrize(
    ("cell", "usable", "problem"),
    [
        ("Dune #Special", "Dune", "series number 'Special' is not a number"),
        ("Dune #Special; Folio 2; Arrakis #3", "Dune; Folio 2; Arrakis #3", "series number 'Special'"),
        ("x" * (SERIES_MAX + 1), "", f"series has a name of more than {SERIES_MAX} characters"),
        ("x" * (SERIES_MAX + 1) + "; Dune #2", "Dune #2", "series has a name of more than"),
    ],
)
def test_what_can_not_be_stored_is_told_and_the_rest_is_kept(cell: str, usable: str, problem: str) -> None:
    with pytest.raises(UnusableSeriesError, match=problem) as raised:
        read_cell(cell)
    assert raised.value.usable == usable


@pytest.mark.parametrize(
    ("name", "number", "cell"),
    [
        ("Dune", "2", "Dune #2"),
        ("Dune", "2.0", "Dune #2"),
        ("Dune", "bk. 2", "Dune #2"),
        ("Dune", "", "Dune"),
        ("", "2", ""),
        ("Dune #2", "1.0", "Dune #2"),
        ("Dune", "special edition", "Dune #specialedition"),
    ],
)
def test_a_number_in_a_cell_of_its_own(name: str, number: str, cell: str) -> None:
    assert numbered(name, number) == cell


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("1", "1"), ("01", "1"), ("1.50", "1.5"), ("#3", "3"), ("vol. III", "3"), ("Band 3", "3"), ("twelve", "12"),
        ("½", "0.5"), ("1½", "1.5"), ("1-3", "1-3"), ("1, 2 & 3", "1-3"), ("1 of 3", "1"), ("XXIX", "29"), ("0", "0"),
        ("3-1", ""), ("1, 3", ""), ("1999/3", ""), ("Special", ""), ("", ""), ("12345", ""), ("1a", ""), ("-1", ""),
        ("İ", "1"), ("ı", "1"), ("Xıı", "12"), ("sİx", "6"),
    ],
)  # fmt: skip
def test_numbers(text: str, number: str) -> None:
    assert number_in(text) == number
    assert number_in(number) == number


@given(st.text(alphabet="Aa1.#,;:()[] xiIBook½-–\t", max_size=60))
def test_what_is_stored_is_read_unchanged(text: str) -> None:
    try:
        series = read_cell(" ".join(text.split()))
    except UnusableSeriesError as error:
        series = error.usable
    assert read_cell(series) == series
    assert with_series(series, []) == series


def test_spellings_of_one_name() -> None:
    assert {Series(name).key for name in ("The Hitch-Hikers", "the hitch hikers", "Hitch hiker’s")} == {"hitchhikers"}


def test_the_longest_form_that_can_be_stored() -> None:
    name = "x" * (SERIES_MAX - 3)
    assert len(read_cell(f"{name} #1")) == SERIES_MAX
    assert with_series("", [Series(name, "1"), Series("Dune", "2")]) == f"{name} #1"
