"""The engine to compare with: tantivy, the library behind Quickwit, used as well as its Python package allows.

All words except a leading article must be in the title or author, the last word may be unfinished, and a match of the
whole title counts more. If that finds nothing, words may have typos. The best hundred are reranked by popularity, and
editions of one work are merged. Numerals, initials and words run together get no special treatment.
"""

import csv
import math
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import tantivy
from anyascii import anyascii

from benchmarks.search.catalogue import with_check_digit
from benchmarks.search.kinds import fold
from benchmarks.search.scoring import SHOWN, Found
from flyleaf.isbn import isbn13

CANDIDATES = 100
MOST_WORDS = 12  # words of a plain query, as in our search
POPULARITY = 0.05  # weight of ln(1 + ratings), if the best result's relevance is 1; found by experiment
TITLE, AUTHOR, WHOLE = 3.0, 2.0, 6.0  # weights of a word and of the whole title
MEMORY = 400_000_000  # bytes, for the writer
ASCII_WORD = re.compile("[a-z0-9]+")
ISBN = re.compile(r"[0-9][0-9 -]{3,}[0-9xX]")
ARTICLES = frozenset("the a an le la les el los las il der die das".split())
Query, Occur = tantivy.Query, tantivy.Occur


def build(catalogue: Path, folder: Path) -> None:
    """Index the catalogue, ready for searching."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    writer = _open(folder, SCHEMA).writer(MEMORY, num_threads=2)
    with catalogue.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            writer.add_document(
                tantivy.Document(
                    title=_latin(row["title"]),
                    author=_latin(row["author"]),
                    whole=_whole(row["title"]),
                    shown=[row["isbn"], row["title"], row["author"]],
                    numbers=_numbers(row["isbn"]),
                    popularity=int(row.get("ratings_count") or 0),
                )
            )
    writer.commit()
    writer.wait_merging_threads()


def build_bare(catalogue: Path, folder: Path) -> None:
    """Index titles, names and ISBNs as the file has them: the least that can be called a search of it."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    builder = tantivy.SchemaBuilder()
    builder.add_text_field("title", stored=True, tokenizer_name="folded")
    builder.add_text_field("author", stored=True, tokenizer_name="folded")
    builder.add_text_field("numbers", stored=True, tokenizer_name="raw")
    writer = _open(folder, builder.build()).writer(MEMORY, num_threads=2)
    with catalogue.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            writer.add_document(
                tantivy.Document(title=row["title"], author=row["author"], numbers=_numbers(row["isbn"]))
            )
    writer.commit()
    writer.wait_merging_threads()


def _latin(text: str) -> str:
    """Transliterate other scripts to Latin letters; tantivy itself drops accents."""
    return text if text.isascii() else anyascii(text)


def _numbers(isbn: str) -> list[str]:
    """Return the ISBN in both forms, or only as it is if its check digit is wrong."""
    long = isbn13(isbn)
    if long is None:
        return [isbn.lower()]
    if len(isbn) == 10 or long.startswith("979"):
        return [long] if len(isbn) == 13 else [long, isbn.lower()]
    return [long, with_check_digit(long[3:12]).lower()]


def _whole(title: str) -> str:
    """Return what fold() returns, ten times faster for most texts, so that this program doesn't slow the build."""
    if title.isascii():
        return " ".join(ASCII_WORD.findall(title.replace("'", "").lower()))
    return fold(title)


def _schema() -> tantivy.Schema:
    builder = tantivy.SchemaBuilder()
    builder.add_text_field("title", tokenizer_name="folded")
    builder.add_text_field("author", tokenizer_name="folded")
    builder.add_text_field("whole", tokenizer_name="raw")
    builder.add_text_field("numbers", tokenizer_name="raw")
    builder.add_text_field("shown", stored=True, tokenizer_name="raw")
    builder.add_integer_field("popularity", stored=True)
    return builder.build()


SCHEMA = _schema()


def _open(folder: Path, new: tantivy.Schema | None = None) -> tantivy.Index:
    """Open the index in the folder, or make one of the schema `new`."""
    index = tantivy.Index(new, path=str(folder)) if new else tantivy.Index.open(str(folder))
    words = tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.simple())
    index.register_tokenizer(
        "folded", words.filter(tantivy.Filter.lowercase()).filter(tantivy.Filter.ascii_fold()).build()
    )
    return index


class Peer:
    """A searcher over a built index."""

    def __init__(self, folder: Path) -> None:
        self._searcher = _open(folder).searcher()

    def search(self, text: str) -> list[Found]:
        if ISBN.fullmatch(text.strip()):
            number = re.sub("[ -]", "", text).lower()
            beginning = Query.fuzzy_term_query(SCHEMA, "numbers", number, distance=0, prefix=True)
            return [found for _, _, found in self._found(beginning, SHOWN)]
        words = fold(text).split()
        for fuzzy in (False, True):
            ranked = self._ranked(_all_of(words, fuzzy)) if words else []
            if ranked:
                return ranked
        return []

    def _ranked(self, query: tantivy.Query) -> list[Found]:
        hits = list(self._found(query, CANDIDATES))
        if not hits:
            return []
        best = hits[0][0]
        hits.sort(key=lambda hit: -(hit[0] / best + POPULARITY * math.log1p(hit[1])))
        works = {(title, author): (isbn, title, author) for _, _, (isbn, title, author) in reversed(hits)}
        return list(works.values())[: -SHOWN - 1 : -1]

    def _found(self, query: tantivy.Query, limit: int) -> Iterator[tuple[float, int, Found]]:
        for score, address in self._searcher.search(query, limit, count=False).hits:
            document: dict[str, Any] = self._searcher.doc(address).to_dict()
            isbn, title, author = document["shown"]
            yield float(score or 0), document["popularity"][0], (isbn, title, author)


class AnyWord(Peer):
    """Search the same index for any of the words, ranked by BM25 alone, without typos and popularity."""

    def search(self, text: str) -> list[Found]:
        words = [
            (Occur.Should, Query.boost_query(Query.term_query(SCHEMA, name, word), worth))
            for word in list(dict.fromkeys(fold(text).split()))[:MOST_WORDS]
            for name, worth in (("title", 2.0), ("author", 1.0))
        ]
        hits = self._found(Query.boolean_query(words), CANDIDATES) if words else ()
        works = {(title, author): (isbn, title, author) for _, _, (isbn, title, author) in reversed(list(hits))}
        return list(works.values())[: -SHOWN - 1 : -1]


def _all_of(words: list[str], fuzzy: bool) -> tantivy.Query:
    last = len(words) - 1
    clauses = [
        (Occur.Should if place == 0 < last and word in ARTICLES else Occur.Must, _word(word, place == last, fuzzy))
        for place, word in enumerate(words)
    ]
    whole = Query.boost_query(Query.term_query(SCHEMA, "whole", " ".join(words)), WHOLE)
    return Query.boolean_query([*clauses, (Occur.Should, whole)])


def _word(word: str, unfinished: bool, fuzzy: bool) -> tantivy.Query:
    ways = []
    for name, worth in (("title", TITLE), ("author", AUTHOR)):
        ways.append((Query.term_query(SCHEMA, name, word), worth))
        if unfinished:
            ways.append((Query.fuzzy_term_query(SCHEMA, name, word, distance=0, prefix=True), worth / 2))
        if fuzzy and len(word) > 3:
            slips = 2 if len(word) > 4 else 1
            ways.append(
                (Query.fuzzy_term_query(SCHEMA, name, word, distance=slips, transposition_cost_one=True), worth / 3)
            )
    return Query.boolean_query([(Occur.Should, Query.boost_query(query, worth)) for query, worth in ways])
