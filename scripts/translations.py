"""make translations: collect the messages of views, of templates and about files that readers upload in
translations/*/messages.po, and compile these to the messages.mo files that the site reads. Both are committed, so that
a start has nothing to build.

Translate the new, empty messages and run it again. tests/test_translations.py fails until every message is translated.
"""

import io
import sys
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from flyleaf.config import PROJECT

KEYWORDS = DEFAULT_KEYWORDS | {"lazy_gettext": None, "lazy_ngettext": (1, 2), "UnusableFileError": None}
OF_OPERATORS = ("formats/marc*.py", "formats/open_library_dump.py", "loader.py")  # no reader imports catalogues
METHODS = (
    ("flyleaf/importing", [*((pattern, "ignore") for pattern in OF_OPERATORS), ("**.py", "python")]),
    ("flyleaf/views", [("**.py", "python")]),
    ("flyleaf/web", [("**.py", "python")]),
    ("templates", [("**.html", "jinja2"), ("**.xml", "jinja2")]),
)
OPTIONS = {pattern: {"trimmed": "true", "silent": "false"} for pattern in ("**.html", "**.xml")}
LOCALES = ("es", "pt_BR")


def po_path(locale: str) -> Path:
    return PROJECT / "translations" / locale / "LC_MESSAGES" / "messages.po"


def extracted() -> Catalog:
    """Return every message that readers meet, untranslated."""
    catalog = Catalog()
    for folder, methods in METHODS:
        found = extract_from_dir(
            PROJECT / folder, methods, OPTIONS, KEYWORDS, comment_tags=("Translators:",), strip_comment_tags=True
        )
        for path, _, message, comments, context in found:
            catalog.add(message, locations=[(f"{folder}/{path}", 0)], auto_comments=comments, context=context)
    return catalog


def read(locale: str) -> Catalog:
    with po_path(locale).open("rb") as file:
        return read_po(file, locale)


def forms(message: Message) -> tuple[str, ...]:
    """Return the message's translation, or its singular and plural translations."""
    return (message.string,) if isinstance(message.string, str) else tuple(message.string or ())


def written(catalog: Catalog) -> bytes:
    """Return the .po file, sorted by message and without line numbers, so that diffs stay small."""
    file = io.BytesIO()
    write_po(file, catalog, width=120, sort_output=True, include_lineno=False, ignore_obsolete=True)
    return file.getvalue()


def compiled(catalog: Catalog) -> bytes:
    file = io.BytesIO()
    write_mo(file, catalog)
    return file.getvalue()


def main() -> int:
    template = extracted()
    missing = 0
    for locale in LOCALES:
        catalog = read(locale)
        template.creation_date = catalog.creation_date  # otherwise each run would change the file
        catalog.update(template, no_fuzzy_matching=True)
        path = po_path(locale)
        path.write_bytes(written(catalog))
        catalog = read(locale)
        path.with_suffix(".mo").write_bytes(compiled(catalog))
        empty = sum(not all(forms(message)) for message in catalog if message.id)
        missing += empty
        print(f"{path.relative_to(PROJECT)}: {len(catalog)} messages, {empty} of them without a translation")
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
