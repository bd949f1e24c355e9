"""What is read from the brackets that end titles. Each line: the title, what is shown of it, and its series."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flyleaf.series import read_cell, read_title, with_series

# title | the title without the series | the series as they are stored
READ = """
Heretics (Dune, #5)                                 | Heretics                        | Dune #5
Heretics (Dune #5)                                  | Heretics                        | Dune #5
Heretics (Dune Chronicles, #5)                      | Heretics                        | Dune Chronicles #5
Heretics [Dune 5]                                   | Heretics                        | Dune #5
Three of Dune (Dune Chronicles, #1-3)               | Three of Dune                   | Dune Chronicles #1-3
Three of Dune (Dune, #1–3)                          | Three of Dune                   | Dune #1-3
Three of Dune (Dune, #1 - #3)                       | Three of Dune                   | Dune #1-3
Two of Dune (Dune, #1 & 2)                          | Two of Dune                     | Dune #1-2
Two of Dune (Dune, #1, #2)                          | Two of Dune                     | Dune #1-2
Some of Dune (Dune, #0.5, 2.5)                      | Some of Dune                    | Dune
Of Clay (Discworld, #19; City Watch, #3)            | Of Clay                         | Discworld #19; City Watch #3
Of Clay (Discworld, #19, City Watch #3)             | Of Clay                         | Discworld #19; City Watch #3
Of Clay (Discworld, #19; The Watch)                 | Of Clay                         | Discworld #19; The Watch
Of Clay (City Watch, #3) (Discworld, #19)           | Of Clay                         | City Watch #3; Discworld #19
Of Clay (Discworld Novel 19)                        | Of Clay                         | Discworld #19
Of Clay (Discworld Novels Book 19)                  | Of Clay                         | Discworld Novels #19
Home again (Inspector Morgan Mysteries Book 3)      | Home again                      | Inspector Morgan Mysteries #3
Home again (Book 3 in the Inspector Morgan series)  | Home again                      | Inspector Morgan #3
Home again (An Inspector Morgan Mystery Book 3)     | Home again                      | An Inspector Morgan Mystery #3
Home again (Inspector Morgan Mystery 3)             | Home again                      | Inspector Morgan Mystery #3
Home again (#3 in the Inspector Morgan series)      | Home again                      | Inspector Morgan #3
Home again (The Third Book of the Morgan Mysteries) | Home again                      | Morgan Mysteries #3
Home again (3rd in the Morgan Mysteries)            | Home again                      | Morgan Mysteries #3
Home again (Part of the Morgan Series, #3)          | Home again                      | Morgan #3
Home again (The Morgan Series Book Three)           | Home again                      | The Morgan #3
Rising (The Expanse Book 4)                         | Rising                          | The Expanse #4
Rising (The Expanse, Book Four)                     | Rising                          | The Expanse #4
Rising (The Expanse, Bk. 4)                         | Rising                          | The Expanse #4
Rising (Book 4 of 9: The Expanse)                   | Rising                          | The Expanse #4
Rising (Book 4 of The Expanse)                      | Rising                          | The Expanse #4
Rising (Book Four of the Long Wars Saga)            | Rising                          | Long Wars Saga #4
Rising (The Expanse, #4 of 9)                       | Rising                          | The Expanse #4
Rising (The Expanse series)                         | Rising                          | The Expanse
Rising: (The Expanse, #4)                           | Rising                          | The Expanse #4
Before (The Expanse, #0.5)                          | Before                          | The Expanse #0.5
Before (The Expanse, #½)                            | Before                          | The Expanse #0.5
Between (The Expanse, #2.5)                         | Between                         | The Expanse #2.5
Between (The Expanse, Book 2.5)                     | Between                         | The Expanse #2.5
First (The Expanse, #01)                            | First                           | The Expanse #1
First (The Expanse, #0)                             | First                           | The Expanse #0
Second (The Long Wars, Part II)                     | Second                          | The Long Wars #2
Second (The Long Wars, Vol. II)                     | Second                          | The Long Wars #2
Second (The Long Wars, II)                          | Second                          | The Long Wars #2
Fourteenth (The Long Wars, Volume XIV)              | Fourteenth                      | The Long Wars #14
Der Stein (Harry Potter, Band 1)                    | Der Stein                       | Harry Potter #1
Der Stein (Harry Potter, Bd. 1)                     | Der Stein                       | Harry Potter #1
Der Stein (Harry Potter, 1. Band)                   | Der Stein                       | Harry Potter #1
Der Stein (Harry Potter Teil 1)                     | Der Stein                       | Harry Potter #1
Der Stein (Die Potter-Reihe 1)                      | Der Stein (Die Potter-Reihe 1)  |
Le messie (Dune, tome 2)                            | Le messie                       | Dune #2
Le messie (Dune, T2)                                | Le messie                       | Dune #2
Le messie (Dune, t. 2)                              | Le messie                       | Dune #2
El mesías (Dune, libro 2)                           | El mesías                       | Dune #2
El mesías (Libro 2 de la Trilogía del Mesías)       | El mesías                       | Trilogía del Mesías #2
El mesías (Trilogía X, 2)                           | El mesías                       | Trilogía X #2
El mesías (Dune, nº 2)                              | El mesías                       | Dune #2
El mesías (Colección Austral)                       | El mesías                       | Colección Austral
O messias (Dune, livro 2)                           | O messias                       | Dune #2
O messias (Livro 2 da série Duna)                   | O messias                       | Duna #2
O messias (Série Vaga-Lume)                         | O messias                       | Vaga-Lume
Il messia (Dune, libro secondo)                     | Il messia (Dune, libro secondo) |
De messias (Duin, deel 2)                           | De messias                      | Duin #2
Мессия (Дюна, книга 2)                              | Мессия                          | Дюна #2
Detective, 5 (The 39 Steps, 5)                      | Detective, 5                    | The 39 Steps #5
Lowlands (Folio ; 12)                               | Lowlands                        | Folio #12
The Wardrobe (Narnia (Publication Order), #1)       | The Wardrobe                    | Narnia (Publication Order) #1
The Wardrobe (Narnia, #1) (Kindle Edition)          | The Wardrobe (Kindle Edition)   | Narnia #1
The Wardrobe (Illustrated) (Narnia, #1)             | The Wardrobe (Illustrated)      | Narnia #1
Middlemarch (Penguin Classics)                      | Middlemarch                     | Penguin Classics
Middlemarch (Oxford World's Classics)               | Middlemarch                     | Oxford World's Classics
Middlemarch (Modern Library)                        | Middlemarch                     | Modern Library
Middlemarch (Everyman's Library)                    | Middlemarch                     | Everyman's Library
Solaris (SF Masterworks)                            | Solaris                         | SF Masterworks
March (March, #3)                                   | March                           | March #3
Nine Eleven (9/11, #2)                              | Nine Eleven                     | 9/11 #2
Volume One (Saga, Vol. 1)                           | Volume One                      | Saga #1
Naruto (Vol. 3)                                     | Naruto (Vol. 3)                 | Naruto #3
Naruto (Volume III)                                 | Naruto (Volume III)             | Naruto #3
Naruto (#3)                                         | Naruto (#3)                     | Naruto #3
Code (C# in Depth, #2)                              | Code (C# in Depth, #2)          |
"""
# Titles with brackets of another kind, which stay as they are.
STAYS = """
(Dune, #1)
Emma (Illustrated)
Emma (Large Print)
Emma (a novel)
Emma (A Novel)
Emma (2nd Edition)
Emma (Edition 2)
Emma (Kindle Edition)
Emma (Unabridged)
Emma (Annotated, 3)
Emma (French Edition)
Emma (The Complete Series)
Emma (The Complete Trilogy)
Emma (A Family Saga)
Emma (Epic Fantasy Series)
Emma (TV Series)
Emma [behind the scenes of the series]
Emma [microform]
Emma (translated from the French)
Nineteen Eighty-Four (1984)
Letters (1898-1915)
Letters (Paris, 1900)
Letters (December 25, 1900)
Letters (1)
Henry IV (Part 1)
Henry IV (Parts 1 and 2)
On the embassy (oration 19)
Tombs (tombe 1-21)
Reading at home (Ages 8-12)
Reading at home (Level 3)
Reading at home (Grade 5)
Moonshot (Apollo 11)
Sons (World War II)
Fighting (Rocky II)
The park (New York Public Library)
The park (with 12 illustrations)
The park (and other stories)
Wheels (The Wheel, #11, Part 2)
Wheels (The Wheel, #3; Part 2)
Wheels (part 2, Version 1.0)
Wheels (vol. 3 no. 155)
Wheels (The Wheel #1
The Wheel #1)
()
)
A (
""".strip("\n").split("\n")


LINES = [tuple(part.strip() for part in line.split("|")) for line in READ.strip().splitlines()]


@pytest.mark.every_input
@pytest.mark.parametrize(("title", "rest", "series"), LINES)
def test_what_is_read_from_a_title(title: str, rest: str, series: str) -> None:
    found = read_title(title)
    assert (found[0], with_series("", found[1])) == (rest, series)


@pytest.mark.every_input
@pytest.mark.parametrize("title", STAYS)
def test_brackets_that_are_no_series_stay(title: str) -> None:
    assert read_title(title) == (title, [])


@pytest.mark.every_input
@pytest.mark.parametrize("title", [title for title, *_ in LINES])
def test_the_rest_of_a_title_has_nothing_more_to_read(title: str) -> None:
    rest, found = read_title(title)
    again, more = read_title(rest)
    assert again == rest
    series = with_series("", found)
    assert (with_series(series, more), read_cell(series)) == (series, series)


@given(st.text(alphabet="Aa1.#,;:()[] xiIBook½-–", max_size=60))
def test_any_text_is_read_once_and_for_all(text: str) -> None:
    title = " ".join(text.split())
    rest, found = read_title(title)
    again, more = read_title(rest)
    assert (bool(rest), again) == (bool(title), rest)
    series = with_series("", found)
    assert (with_series(series, more), read_cell(series)) == (series, series)


@pytest.mark.parametrize(
    "title", ["(" * 900 + "x)" * 50, "a (" + "#1 " * 300 + ")", "a (" + "book " * 190 + ")", "a (x" + "," * 900 + "1)"]
)
def test_titles_that_are_made_to_be_slow(title: str) -> None:
    assert read_title(title) == (title, [])
