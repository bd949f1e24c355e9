"""Make queries with their intended books: some for each kind, half for popular books, half for any book.

There are groups of kinds: those that leave words out or change them (classic), and those that add words (surplus,
unseen and held-out, see surplus.py).
"""

import csv
import heapq
import json
import math
import random
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks.search.kinds import KINDS, Book, Kind, fold, thirteen
from benchmarks.search.surplus import HELD_OUT, SURPLUS, UNSEEN
from flyleaf.isbn import IsbnError, parse

POOL = 20_000  # books to consider for each half
EACH = 60  # queries per kind
CONSONANTS, VOWELS = "bcdfghjklmnpqrstvwxz", "aeiou"
COMMON_QUERIES = (
    "the", "of", "a", "and", "in", "of the", "the of", "the a of and", "novel", "a novel", "love", "life", "la", "de",
    "history of the", "the story of", "an introduction to", "stories", "s", "e", "th", "st", "ma", "the s", "of a",
    "john", "smith", "mary", "world", "the world", "women in", "love the life", "vol", "vol 2", "i", "1", "978",
)  # fmt: skip
CLASSIC = "classic"
ADDING = {"surplus": SURPLUS, "unseen": UNSEEN, "held-out": HELD_OUT}
GROUPS = (CLASSIC, *ADDING)
OPEN = (CLASSIC, "surplus")  # groups whose single queries may be read while tuning the search


@dataclass(frozen=True)
class Query:
    """A query. `mode` and `target` say what to find: folded "title|author", author, ISBN-13, its start or part."""

    kind: str
    text: str
    mode: str
    target: str
    sample: str  # how the book was drawn


def make(catalogue: Path, seed: int, each: int = EACH, groups: Collection[str] = (CLASSIC,)) -> list[Query]:
    """Return a shuffled workload for the catalogue, the same for the same seed."""
    queries: list[Query] = []
    chance = random.Random(seed)
    popular, even = drawn(read_books(catalogue), chance)
    if CLASSIC in groups:
        queries += _of_kinds(KINDS, popular, even, seed, each)
        queries += [Query("common", text, "none", "", "-") for text in COMMON_QUERIES]
        queries += [Query("gibberish", _gibberish(chance), "none", "", "-") for _ in range(each // 2)]
    adding = [kind for group in ADDING if group in groups for kind in ADDING[group]]
    if adding:
        popular, even = unmistakable(popular, even, read_books(catalogue))
        queries += _of_kinds(adding, popular, even, seed, each)
    chance.shuffle(queries)
    return queries


def _of_kinds(
    kinds: Iterable[Kind], popular: Sequence[Book], even: Sequence[Book], seed: int, each: int
) -> Iterator[Query]:
    for kind in kinds:
        own = random.Random(f"{seed} {kind.name}")  # so that changing one kind doesn't change the others
        seen: set[str] = set()
        yield from _typed(kind, popular, "popular", each // 2, own, seen)
        yield from _typed(kind, even, "uniform", each // 2, own, seen)


def unmistakable(
    popular: Sequence[Book], even: Sequence[Book], catalogue: Iterable[Book]
) -> tuple[list[Book], list[Book]]:
    """Return the books whose title, with or without its subtitle, belongs to no other work.

    If two books share a title, a query can't tell which one is meant, and would measure luck.
    """
    works: dict[str, set[str]] = {title: set() for book in (*popular, *even) for title in _titles(book)}
    for book in catalogue:
        for title in _titles(book):
            if title in works:
                works[title].add(book.key)

    def is_clear(book: Book) -> bool:
        return all(len(works[title]) == 1 for title in _titles(book))

    return list(filter(is_clear, popular)), list(filter(is_clear, even))


def _titles(book: Book) -> set[str]:
    return {fold(book.short), fold(book.main)}


def read_books(catalogue: Path) -> Iterator[Book]:
    """Yield the rows that have a readable ISBN."""
    with catalogue.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            try:
                isbn = parse(row["isbn"]).isbn
            except IsbnError:
                continue
            yield Book(isbn, row["title"].strip(), row["author"].strip(), int(row.get("ratings_count") or 0))


def drawn(books: Iterable[Book], chance: random.Random, size: int = POOL) -> tuple[list[Book], list[Book]]:
    """Draw some books by the square root of their popularity (Efraimidis and Spirakis 2006) and some evenly."""
    popular: list[tuple[float, int, Book]] = []
    even: list[Book] = []
    for number, book in enumerate(books):
        weight = math.log(1 - chance.random()) / math.sqrt(book.popularity + 1)
        if len(popular) < size:
            heapq.heappush(popular, (weight, number, book))
        elif weight > popular[0][0]:
            heapq.heapreplace(popular, (weight, number, book))
        if len(even) < size:
            even.append(book)
        elif (place := chance.randrange(number + 1)) < size:
            even[place] = book
    popular.sort(reverse=True)  # so that any number of the first ones is such a sample, too
    chance.shuffle(even)
    return [book for _, _, book in popular], even


def _typed(
    kind: Kind, books: Sequence[Book], sample: str, wanted: int, chance: random.Random, seen: set[str]
) -> Iterator[Query]:
    """Return queries of one kind for this many of the books, without targets that are in `seen`."""
    # Each kind starts at its own place in the popular books, so that the kinds don't all use the same ones.
    first = chance.randrange(max(1, len(books) // 20))
    for book in (*books[first:], *books[:first]):
        if wanted == 0:
            return
        if not (text := kind.typed(book, chance).strip()):
            continue
        target = _target(kind.mode, book, text)
        if target not in seen:
            seen.add(target)
            wanted -= 1
            yield Query(kind.name, text, kind.mode, target, sample)


def _target(mode: str, book: Book, text: str) -> str:
    return {
        "item": book.key,
        "author": fold(book.author),
        "isbn": thirteen(book.isbn),
        "isbn_prefix": text if len(book.isbn) == 13 else f"978{text}",
        "substring": text,
    }[mode]


def _gibberish(chance: random.Random) -> str:
    def word() -> str:
        size = chance.randrange(5, 11)
        return "".join(chance.choice(CONSONANTS if chance.random() < 0.7 else VOWELS) for _ in range(size))

    return " ".join(word() for _ in range(chance.choice((1, 1, 2, 3))))


def group_of(kind: str) -> str:
    """Return the group of a kind, "" for kinds from a file."""
    if kind in ("common", "gibberish") or any(kind == one.name for one in KINDS):
        return CLASSIC
    return next((group for group, kinds in ADDING.items() if any(kind == one.name for one in kinds)), "")


def save(queries: Iterable[Query], path: Path) -> None:
    with path.open("w", encoding="utf-8") as file:
        for query in queries:
            fields = asdict(query)
            fields = {"class": fields.pop("kind"), "query": fields.pop("text"), **fields}
            file.write(json.dumps(fields, ensure_ascii=False) + "\n")


def load(path: Path, catalogue: Path | None = None) -> list[Query]:
    """Read a workload from a file. If its targets are those of a catalogue whose titles have series in brackets, the
    series are taken away: the site's titles have none."""
    keys = dict(_keys(catalogue)) if catalogue else {}
    with path.open(encoding="utf-8") as file:
        lines = [json.loads(line) for line in file]
    return [
        Query(line["class"], line["query"], line["mode"], keys.get(target, target), line.get("sample", "-"))
        for line in lines
        for target in [_refolded(line["target"])]
    ]


def _keys(catalogue: Path) -> Iterator[tuple[str, str]]:
    """Yield the keys of a file's books with their titles as they are there, and as the site stores them."""
    with catalogue.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            book = Book("", row["title"], row.get("author") or row.get("authors") or "", 0)
            yield f"{fold(book.title)}|{fold(book.author)}", book.key


def _refolded(target: str) -> str:
    """Fold a target again, because other programs may fold less than we do."""
    return "|".join(fold(part) for part in target.split("|"))
