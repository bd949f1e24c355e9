"""The addresses that templates remember are those that Flask builds."""

from typing import Any

import pytest
from flask import Flask, render_template_string, url_for
from werkzeug.routing import BuildError

from flyleaf.app import create_app
from flyleaf.config import Config
from flyleaf.database import Database


@pytest.mark.parametrize("path", ["/", "/lesezeichen", "/a/b"])
@pytest.mark.parametrize(
    ("endpoint", "values"),
    [
        ("search.search", {}),
        ("search.search", {"q": "a&b=c d/é?#"}),
        ("search.search", {"q": "dune", "order": "newest"}),
        ("search.search", {"order": "newest", "q": "dune"}),
        ("search.search", {"q": "dune", "narrow": 1}),
        ("search.search", {"q": "dune", "narrow": True}),
        ("search.search", {"q": "dune", "narrow": "1"}),
        ("search.search", {"q": None}),
        ("search.search", {"q": ["a", "b"]}),
        ("books.book", {"address": "9780441172719", "_anchor": "reviews"}),
        ("books.book", {"address": "9780441172719", "_external": True}),
        ("authors.author", {"name": "Ursula K. Le Guin/%2F<"}),
        ("static", {"hashed": "style.css"}),
        (".search", {"q": "dune"}),
    ],
)
def test_an_address_is_what_flask_builds(app: Flask, path: str, endpoint: str, values: dict[str, Any]) -> None:
    for _ in range(2):  # anew, and remembered
        with app.test_request_context("/search", base_url=f"http://books.example{path}"):
            built = render_template_string("{{ url_for(endpoint, **values) }}", endpoint=endpoint, values=values)
            assert built == render_template_string("{{ address }}", address=url_for(endpoint, **values))


def test_an_address_that_does_not_exist_is_an_error_each_time(app: Flask) -> None:
    for _ in range(2):
        with app.test_request_context("/"), pytest.raises(BuildError):
            render_template_string("{{ url_for('books.book', name='Dune') }}")


def test_two_applications_do_not_share_addresses(app: Flask, config: Config, database: Database) -> None:
    other = create_app(config, database)
    other.add_url_rule("/elsewhere", "elsewhere")
    with other.test_request_context("/"):
        assert render_template_string("{{ url_for('elsewhere') }}") == "/elsewhere"
    with app.test_request_context("/"), pytest.raises(BuildError):
        render_template_string("{{ url_for('elsewhere') }}")
