"""Matched words, as they are printed."""

import pytest

from flyleaf.search.marking import marked


@pytest.mark.parametrize(
    ("printed", "words", "shown"),
    [
        ("Harry Potter and the Goblet of Fire", ["potter", "fire"], "Harry [Potter] and the Goblet of [Fire]"),
        ("L'Étranger", ["letranger"], "[L'Étranger]"),
        ("L'Étranger", ["etranger"], "L'[Étranger]"),
        ("L'éducation d'une fée", ["l", "une"], "[L]'éducation d'[une] fée"),
        ("Louis L'Amour", ["lamour"], "Louis [L'Amour]"),
        ("Cien años de soledad", ["anos"], "Cien [años] de soledad"),
        ("Лев Толстой", ["tolstoy"], "Лев [Толстой]"),
        ("村上春樹", ["cun", "shang", "chun", "shu"], "[村上春樹]"),
        ("<b>Dune</b>", ["dune"], "<b>[Dune]</b>"),
        ("", ["dune"], ""),
    ],
)
def test_marks(printed: str, words: list[str], shown: str) -> None:
    pieces = marked(printed, words)
    assert "".join(text for text, _ in pieces) == printed
    assert "".join(f"[{text}]" if is_match else text for text, is_match in pieces) == shown
