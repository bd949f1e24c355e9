"""Pages that are rendered after the transaction, so that no connection is held while a template runs.

A view that has the request's transaction returns `render_later(…)`, and `login_required` renders the page once the
connection is back in the pool. Values are complete by then: templates never ask the database.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import render_template
from flask.typing import ResponseReturnValue


@dataclass(frozen=True, slots=True)
class Rendering:
    """A page that is still to be rendered."""

    template: str
    values: Mapping[str, Any]


# What a view in a transaction returns: a page or another response, each with or without a status.
Answer = ResponseReturnValue | Rendering | tuple[Rendering, int]


def render_later(template: str, **values: Any) -> Rendering:
    return Rendering(template, values)


def rendered(answer: Answer) -> ResponseReturnValue:
    """Return the answer with its page rendered. A dict is left to Flask, which makes JSON of it."""
    if isinstance(answer, Rendering):
        return render_template(answer.template, **answer.values)
    if isinstance(answer, tuple) and isinstance(answer[0], Rendering):
        return rendered(answer[0]), answer[1]  # type: ignore[return-value]  # Flask's type has no str with a status
    return answer
