"""What readers write, as HTML."""

import pytest
from flask import Flask

from flyleaf.web.review_text import paragraphs, review_text


def folded(html: str) -> str:
    return f'<details class="spoiler"><summary>Spoiler</summary><div>{html}</div></details>'


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("", ""),
        ("One line.", "<p>One line.</p>"),
        ("Two\nlines.", "<p>Two<br>lines.</p>"),
        ("One.\n\nTwo.\n \n\nThree.", "<p>One.</p><p>Two.</p><p>Three.</p>"),
        ("<b>&\"'</b>", "<p>&lt;b&gt;&amp;&#34;&#39;&lt;/b&gt;</p>"),
        ("See https://example.org/", "<p>See https://example.org/</p>"),
        ("He ||dies|| at last.", f"<div>He {folded('dies')} at last.</div>"),
        ("<spoiler>All die.</spoiler>", f"<div>{folded('All die.')}</div>"),
        ("<SPOILER>x</Spoiler>", f"<div>{folded('x')}</div>"),
        ("||a|| and ||b||", f"<div>{folded('a')} and {folded('b')}</div>"),
        ("Well.\n\n||One.\n\nTwo.||\n\nEnd.", f"<p>Well.</p>{folded('<p>One.</p><p>Two.</p>')}<p>End.</p>"),
        ("||<script>||", f"<div>{folded('&lt;script&gt;')}</div>"),
        ("<spoiler>a || b</spoiler>", f"<div>{folded('a || b')}</div>"),
        ("a || b", "<p>a || b</p>"),
        ("||||", "<p>||||</p>"),
        ("<spoiler> </spoiler>", "<p>&lt;spoiler&gt; &lt;/spoiler&gt;</p>"),
        ("<spoiler>never closed ||x||", f"<div>&lt;spoiler&gt;never closed {folded('x')}</div>"),
        ("</spoiler> ||x||", f"<div>&lt;/spoiler&gt; {folded('x')}</div>"),
        ("a || b <spoiler>c</spoiler>", f"<div>a || b {folded('c')}</div>"),
    ],
)
def test_a_review(app: Flask, text: str, html: str) -> None:
    with app.test_request_context():
        assert review_text(text) == html


def test_ten_thousand_marks_are_read_once(app: Flask) -> None:
    with app.test_request_context():
        assert "details" not in review_text("<spoiler>" * 1_100)
        assert review_text("||a" * 3_333).count("<details") == 1_666


def test_texts_of_the_catalogue_have_no_spoilers() -> None:
    assert paragraphs("||Sand||\n\nMore sand.") == "<p>||Sand||</p><p>More sand.</p>"
