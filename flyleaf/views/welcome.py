"""The front door."""

from dataclasses import dataclass

from flask import Blueprint, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from flyleaf.web.access import is_logged_in

blueprint = Blueprint("welcome", __name__)


@dataclass(frozen=True)
class Classic:
    """A book that everybody knows, whatever is in the catalogue: the front door asks no database."""

    isbn: str
    title: str
    author: str


SHELF = (
    Classic("9780141439518", "Pride and Prejudice", "Jane Austen"),
    Classic("9788437604947", "Cien años de soledad", "Gabriel García Márquez"),
    Classic("9780441172719", "Dune", "Frank Herbert"),
    Classic("9784101010014", "吾輩は猫である", "夏目漱石"),
    Classic("9788535910667", "Dom Casmurro", "Machado de Assis"),
    Classic("9780141182803", "Ulysses", "James Joyce"),
)


@blueprint.get("/")
def welcome() -> ResponseReturnValue:
    if is_logged_in():
        return redirect(url_for("search.search"), 303)
    return render_template("welcome.html", shelf=SHELF)
