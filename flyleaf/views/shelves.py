"""A reader's shelves, what they have read in a year, and the shelves that others have made public."""

from dataclasses import replace

from babel.dates import get_month_names
from flask import Blueprint, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import get_locale, gettext, ngettext
from sqlalchemy import Connection
from werkzeug.exceptions import Conflict, NotFound, UnprocessableEntity

from flyleaf.limits import READ_ON_MAX, READ_ON_MIN, SHELF_PAGE_MAX, SHELVES_MAX
from flyleaf.paging import Mark, Number, Page
from flyleaf.queries.named_shelves import (
    Shelf,
    Status,
    TooManyShelvesError,
    delete_shelf,
    insert_shelf,
    publish_shelf,
    rename_shelf,
    select_shelf,
    select_shelves,
)
from flyleaf.queries.readers import Profile, Reader, select_profile
from flyleaf.queries.reading_years import select_reading_year, select_years_read
from flyleaf.queries.shelf_pages import Order, ShelfQuery, select_shelf_page
from flyleaf.queries.shelved_books import ShelvedBook
from flyleaf.views.shelf_forms import PUBLIC_ORDERS, STATUS_NAMES, ShelfForm, ShelfNameForm
from flyleaf.web.access import login_required, login_to_read
from flyleaf.web.covers import covers_of
from flyleaf.web.forms import Form, require_token
from flyleaf.web.notices import redirect_with_notice
from flyleaf.web.paging import page_number
from flyleaf.web.rendering import Answer, Rendering, render_later

blueprint = Blueprint("shelves", __name__)


@blueprint.app_template_global()
def status_names() -> dict[Status, object]:
    """Return the statuses with their names."""
    return dict(STATUS_NAMES)


@blueprint.get("/shelves")
@login_to_read
def shelves(connection: Connection, reader: Reader) -> Answer:
    """List the reader's shelves, and all books on them."""
    return _all_shelves(connection, reader, ShelfNameForm())


@blueprint.post("/shelves")
@login_required
def make(connection: Connection, reader: Reader) -> Answer:
    form = ShelfNameForm(request.form)
    if not form.validate():
        return _all_shelves(connection, reader, form), form.status
    name = form.name.data or ""
    try:
        is_new = insert_shelf(connection, reader.id, name)
    except TooManyShelvesError as error:
        raise Conflict(
            gettext("You can have up to %(most)s shelves of your own. Delete one first.", most=SHELVES_MAX)
        ) from error
    if not is_new:
        form.name.errors = [gettext("You already have a shelf of this name.")]
        return _all_shelves(connection, reader, form), 409
    return redirect_with_notice(url_for("shelves.shelf", name=name), "shelf-made")


@blueprint.get("/shelves/<name>")
@login_to_read
def shelf(connection: Connection, reader: Reader, name: str) -> Answer:
    return _own_shelf(connection, reader, find_shelf(connection, reader.id, name), ShelfNameForm(name=name))


@blueprint.post("/shelves/<name>/rename")
@login_required
def rename(connection: Connection, reader: Reader, name: str) -> Answer:
    found = find_shelf(connection, reader.id, name, is_named=True)
    form = ShelfNameForm(request.form)
    if not form.validate():
        return _own_shelf(connection, reader, found, form), form.status
    if not rename_shelf(connection, reader.id, found.name, form.name.data or ""):
        form.name.errors = [gettext("You already have a shelf of this name.")]
        return _own_shelf(connection, reader, found, form), 409
    return redirect_with_notice(url_for("shelves.shelf", name=form.name.data), "shelf-renamed")


@blueprint.route("/shelves/<name>/delete", methods=["GET", "POST"])
@login_required
def delete(connection: Connection, reader: Reader, name: str) -> Answer:
    found = find_shelf(connection, reader.id, name, is_named=True)
    form = Form(request.form)
    if request.method != "POST" or not form.validate():
        return render_later("shelf_delete.html", shelf=found, form=form), form.status
    delete_shelf(connection, reader.id, found.name)
    return redirect_with_notice(url_for("shelves.shelves"), "shelf-deleted")


@blueprint.post("/shelves/<name>/publish")
@login_required
def publish(connection: Connection, reader: Reader, name: str) -> ResponseReturnValue:
    """Show a shelf to others, or hide it."""
    require_token()
    found = find_shelf(connection, reader.id, name)
    is_public = request.form.get("public") == "1"
    publish_shelf(connection, reader.id, found.name, is_public=is_public)
    address = url_for("shelves.shelf", name=found.name)
    return redirect_with_notice(address, "shelf-public" if is_public else "shelf-private")


@blueprint.get("/readers/<reader_name>/shelves/<name>")
@login_to_read
def public_shelf(connection: Connection, reader: Reader, reader_name: str, name: str) -> Answer:
    """Show a shelf that another reader has made public: its books, and nothing that the reader says of them."""
    profile, found = find_public_shelf(connection, reader_name, name)
    if profile.reader_id == reader.id:
        return redirect(url_for("shelves.shelf", name=found.name))
    form = _asked(is_own=False)
    books = _books(connection, profile.reader_id, form, found)
    shown = {"owner": profile, "shelf": found, "form": form, "books": books}
    return render_later("shelf.html", **shown, covers=covers_of(connection, books.items))


@blueprint.get("/shelves/years/<int:year>")
@login_to_read
def year(connection: Connection, reader: Reader, year: int) -> Answer:
    """Show what the reader has read in a year."""
    if not READ_ON_MIN.year <= year <= READ_ON_MAX.year:
        raise NotFound(
            gettext("Choose a year from %(first)s to %(last)s.", first=READ_ON_MIN.year, last=READ_ON_MAX.year)
        )
    found = select_reading_year(connection, reader.id, year)
    months = zip(get_month_names("wide", "stand-alone", get_locale()).values(), found.months, strict=True)
    ratings = [
        (ngettext("%(num)s star", "%(num)s stars", stars), found.ratings[stars - 1]) for stars in range(5, 0, -1)
    ]
    years = select_years_read(connection, reader.id)
    return render_later("reading_year.html", found=found, years=years, months=list(months), ratings=ratings)


def find_public_shelf(connection: Connection, reader_name: str, name: str) -> tuple[Profile, Shelf]:
    """Return a shelf that a reader has made public, and that reader. Raises NotFound."""
    profile = select_profile(connection, reader_name) if "\0" not in reader_name else None
    found = select_shelf(connection, profile.reader_id, name) if profile and "\0" not in name else None
    if profile is None or found is None or not found.is_public:
        raise NotFound(gettext("This reader has no public shelf of this name."))
    return profile, found


def find_shelf(connection: Connection, reader_id: int, name: str, *, is_named: bool = False) -> Shelf:
    """Return the reader's shelf of this name; with `is_named`, only one that the reader has named. Raises NotFound."""
    found = select_shelf(connection, reader_id, name) if "\0" not in name else None
    if found is None or (is_named and found.status):
        raise NotFound(gettext("You have no shelf of this name."))
    return found


def _all_shelves(connection: Connection, reader: Reader, name_form: ShelfNameForm) -> Rendering:
    form = _asked()
    books = _books(connection, reader.id, form)
    return render_later(
        "shelves.html",
        shelves=select_shelves(connection, reader.id),
        years=select_years_read(connection, reader.id),
        name_form=name_form,
        form=name_form if name_form.errors else form,
        shelf_form=form,
        books=books,
        covers=covers_of(connection, books.items),
    )


def _own_shelf(connection: Connection, reader: Reader, found: Shelf, name_form: ShelfNameForm) -> Rendering:
    form = _asked()
    books = _books(connection, reader.id, form, found)
    return render_later(
        "shelf.html",
        owner=None,
        shelf=found,
        name_form=name_form,
        form=name_form if name_form.errors else form,
        shelf_form=form,
        books=books,
        covers=covers_of(connection, books.items),
    )


def _asked(*, is_own: bool = True) -> ShelfForm:
    """Return what the address asks for. Others can't sort and filter by what is the reader's alone. Raises
    UnprocessableEntity."""
    form = ShelfForm(request.args)
    if not is_own:
        form.order.choices = PUBLIC_ORDERS
        del form.status, form.rating
    if not form.validate():
        raise UnprocessableEntity(" ".join(str(error) for field in form for error in field.errors))
    return form


def _books(connection: Connection, reader_id: int, form: ShelfForm, found: Shelf | None = None) -> Page[ShelvedBook]:
    """Return the page of a shelf, or of all books of the reader, that the address asks for. Raises NotFound."""
    try:
        place = Mark.from_arguments(request.args) or Number(page_number(request.args, SHELF_PAGE_MAX))
        return select_shelf_page(connection, reader_id, shelf_query(form, found), place)
    except ValueError as error:
        raise NotFound(gettext("This list has no such page. Go back to the first page.")) from error


def shelf_query(form: ShelfForm, found: Shelf | None) -> ShelfQuery:
    """Return what a form asks for of a shelf, or of all books of the reader."""
    query = ShelfQuery(words=form.q.data or "", order=Order(form.order.data))
    if found is not None:
        query = replace(query, status=found.status, shelf_id=None if found.status else found.id)
    if "status" in form and form.status.data:
        query = replace(query, status=Status(form.status.data))
    if "rating" in form and form.rating.data:
        query = replace(query, rating=int(form.rating.data))
    return query
