"""Titles and publishers without the marks of cataloguers. tests/test_books_csv.py has more titles."""

import pytest

from flyleaf.importing.cleaning.punctuation import natural_publisher, natural_title


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("Dune", "Dune"),
        ("Dune /", "Dune"),
        ("Dune. --", "Dune"),
        ("Dune [Texte imprimé] : roman", "Dune: roman"),
        ("Duna [texto (letra grande)] /", "Duna"),
        ("Dune :", "Dune"),
        ("Dune ;", "Dune"),
        ("Dune =", "Dune"),
        ("Dune,", "Dune"),
        ("Dune.", "Dune"),
        ("Dune...", "Dune..."),
        ("Dune ...", "Dune"),
        ("Love, etc.", "Love, etc."),
        ("The story of J. K.", "The story of J. K."),
        ("Fabia\u0301n.", "Fabián"),
        ("Windswept : a novel /", "Windswept: a novel"),
        ("Windswept :  a novel / by Martin Murie", "Windswept: a novel"),
        ("Stuart Little [electronic resource] :", "Stuart Little"),
        ("Stuart Little [electronic resource] : the movie /", "Stuart Little: the movie"),
        ("Emma [text (large print)] / Jane Austen", "Emma"),
        ("[Microform]", ""),
        ("[Letters] /", "Letters"),
        ("[Letters", "Letters"),
        ("Letters, volume 2.", "Letters, volume 2"),
        ("The [second] letter", "The second letter"),
        ("The savage night = La nuit sauvage /", "The savage night = La nuit sauvage"),
        ("The iron tonic, or, A winter afternoon /", "The iron tonic, or A winter afternoon"),
        ("I, Claudius ; and, Claudius the god", "I, Claudius; and Claudius the god"),
        ("I still talk to --", "I still talk to..."),
        ("Pet show !", "Pet show!"),
        ("", ""),
        (" / ", ""),
        ("...", "..."),
    ],
)
def test_natural_title(text: str, title: str) -> None:
    assert natural_title(text) == title


@pytest.mark.parametrize(
    ("text", "publisher"),
    [
        ("A.A. Knopf,", "A.A. Knopf"),
        ("Gareth Stevens Pub.,", "Gareth Stevens Pub."),
        ("Small, Maynard & Company,", "Small, Maynard & Company"),
        ("[Harper & Row],", "Harper & Row"),
        ("[Harper & Row", "Harper & Row"),
        ("Harper [& Row]", "Harper & Row"),
        ("Rodale ; [New York] : St. Martin's,", "Rodale"),
        ("[s.n.],", ""),
        ("S.n.", ""),
        ("[publisher not identified],", ""),
        ("", ""),
    ],
)
def test_natural_publisher(text: str, publisher: str) -> None:
    assert natural_publisher(text) == publisher
