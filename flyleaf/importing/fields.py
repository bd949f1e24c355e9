"""The fields of a book, each described once: type, cleaning rule with its limit, and the header names in files. The
formats' tables, the staging table and the merge are derived from this."""

import re
from functools import partial
from typing import NamedTuple

from flyleaf import limits
from flyleaf.importing.cleaning.cells import (
    RowError,
    Rule,
    average_rating,
    language,
    repeating_rule,
    series,
    some_paragraphs,
    text_rule,
    whole_number,
    year,
)
from flyleaf.importing.cleaning.identifier_cells import ANY_SCHEME, any_rule, rule_of
from flyleaf.importing.cleaning.markup import escaped, may_hold_markup
from flyleaf.importing.cleaning.other_titles import other_titles_rule
from flyleaf.importing.cleaning.subjects import readable

SUBJECTS_CELL_MAX = 20_000  # characters of all subjects of a book

SERIES = "series"  # which titles name as well: rows.py moves it from there


def _fitting_names(text: str) -> str:
    """Return as many of the names in a list as fit; none of a sentence that is too long."""
    names: list[str] = []
    size = 0
    for name in text.split(", "):
        size += len(name) + 2
        if size > limits.AUTHOR_MAX + 2:
            break
        names.append(name)
    return ", ".join(names)


def _fitting_subjects(text: str) -> str:
    """Return the subjects at the beginning of a cell that is too long, of which so many are kept as a book may have."""
    return re.split("[;|,][^;|,]*$", text[:SUBJECTS_CELL_MAX])[0]


class Field(NamedTuple):
    """A field of a book."""

    name: str  # the column in the catalogue
    sql_type: str
    rule: Rule | None  # None for the ISBN, which rows.py turns into two columns
    names: str  # known headers, reduced to letters and digits; if a file has several, the first wins


FIELDS = (
    Field(
        "isbn",
        "text",
        None,
        "isbn isbn10 isbn10or13 isbnnumber upcisbn10 editionisbn10",
    ),
    Field(
        "title",
        "text",
        text_rule("title", limits.TITLE_MAX, RowError, required=True),
        "title booktitle name bookname titleofbook editiontitle workslabels titulo",
    ),
    Field(
        "author",
        "text",
        text_rule("author", limits.AUTHOR_MAX, RowError, shorten=_fitting_names),
        (
            "author authors authorname authornames bookauthor bookauthors authorfullname creator creators writer "
            "writers authortext authorslabels primaryauthor autor autores autora"
        ),
    ),
    Field(
        "year",
        "smallint",
        repeating_rule(year),
        (
            "year publicationyear yearpublished publishedyear publishyear publishingyear yearofpublication "
            "pubyear originalpublicationyear firstpublishyear firstpublished publicationdate publisheddate "
            "publishdate datepublished dateofpublication pubdate published releaseyear releasedate date "
            "editionpublicationdate ano anodepublicacion anodepublicacao fechadepublicacion datadepublicacao"
        ),
    ),
    Field(
        "publisher",
        "text",
        text_rule("publisher", limits.PUBLISHER_MAX),
        "publisher publishers publishername bookpublisher publishinghouse imprint publisherlabel editorial editora",
    ),
    Field(
        "language",
        "text",
        repeating_rule(language),
        "language languages languagecode lang langcode booklanguage editionlanguage idioma",
    ),
    Field(
        "pages",
        "integer",
        repeating_rule(partial(whole_number, "pages", low=1, high=limits.PAGES_MAX)),
        (
            "pages pagecount numpages numberofpages numberpages nopages pagescount totalpages "
            "editionnumberofpages lengthof length paginas numerodepaginas"
        ),
    ),
    Field(
        "description",
        "text",
        text_rule("description", limits.DESCRIPTION_MAX, make=some_paragraphs),
        "description bookdescription summary synopsis blurb descripcion descricao sinopsis sinopse resumen resumo",
    ),
    Field(
        "average_rating",
        "numeric(4, 3)",
        repeating_rule(average_rating),
        "averagerating avgrating ratingaverage ratingsaverage ratingavg meanrating",
    ),
    Field(
        "ratings_count",
        "integer",
        repeating_rule(partial(whole_number, "ratings_count", low=0, high=limits.RATINGS_COUNT_MAX)),
        "ratingscount ratingcount numratings numberofratings ratingsnumber workratingscount",
    ),
    Field(
        "subjects",
        "bigint[]",  # ids; loading/staging.py makes them of the text
        text_rule("subjects", SUBJECTS_CELL_MAX, make=readable, may_be_damaged=True, shorten=_fitting_subjects),
        (
            "subjects subject subjectslabels genres genre genreslabels categories category tags tag bookshelves "
            "shelves assuntos assunto temas tema materias materia generos genero categorias categoria etiquetas"
        ),
    ),
    Field(
        SERIES,
        "text",
        repeating_rule(series),
        "series seriesname seriestitle bookseries nameofseries serieslabels serie colecao coleccion",
    ),
    Field(
        "other_titles",
        "text",
        other_titles_rule(),
        (
            "othertitles othertitle originaltitle alternatetitles alternatetitle alternativetitles alternativetitle "
            "titleoriginal uniformtitle titulooriginal titreoriginal originaltitel outrostitulos otrostitulos"
        ),
    ),
)
# What others call a book: a column for each scheme, and one for identifiers with their schemes. They are only in files
# and in the staging table.
IDENTIFIERS = (
    Field(ANY_SCHEME, "text", any_rule(), "identifiers"),
    *(
        Field(scheme, "text", rule_of(scheme), names)
        for scheme, names in {
            "goodreads": "goodreads goodreadsid goodreadskey goodreadsbookid bestbookid",
            "openlibrary": "openlibrary openlibraryid openlibrarykey openlibraryeditionid olid olkey",
            "storygraph": "storygraph storygraphid",
            "inventaire": "inventaire inventaireid",
            "librarything": "librarything librarythingid librarythingbookid",
            "oclc": "oclc oclcid oclcno oclcnumber oclcnumbers oclcn worldcat worldcatid",
            "asin": "asin asins asinnumber amazonasin amazonid kindleasin",
            "lccn": "lccn lccns lccnnumber lccnnumbers",
            "librarythingwork": "librarythingkey librarythingwork librarythingworkid",
        }.items()
    ),
)
COLUMNS = tuple(field.name for field in FIELDS)
IDENTIFIER_COLUMNS = tuple(field.name for field in IDENTIFIERS)
BASIC = COLUMNS[:4]  # the columns of the usual file
RULES = {field.name: field.rule for field in (*FIELDS, *IDENTIFIERS) if field.rule}
# Only in the staging table: the keys by which Open Library's dump of editions refers to authors.
RULES["author_keys"] = text_rule("author_keys", limits.AUTHOR_MAX)


def as_cell(column: str, text: str) -> str:
    """Return the cell from which the column's rule produces this text."""
    return escaped(text) if may_hold_markup(text) and RULES[column].cell(text) != text else text
