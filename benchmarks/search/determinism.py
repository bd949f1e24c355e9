"""Check that the same query always gets the same answer: asked again, asked by many clients at once, and asked of a
second database with the same books, imported in another order."""

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path

from benchmarks.search import product
from benchmarks.search.scoring import Found
from flyleaf.database import Database

CLIENTS = 8  # more clients than a small machine has processors, which reveals limits that depend on time
EXAMPLES = 20  # differences to list for each pair
SHUFFLED = "md5(isbn)"  # an order unrelated to the file's

Answers = dict[str, list[Found]]


def check(folder: Path, database: Database, queries: Sequence[str]) -> int:
    """Print the queries whose answers differ between runs. Return how many there are."""
    first = ask(database, queries, 1)
    found = report("asked again", first, ask(database, queries, 1))
    found += report(f"asked by {CLIENTS} at once", first, ask(database, queries, CLIENTS))
    shuffled = folder / "shuffled.csv"
    product.export(database, shuffled, SHUFFLED)
    with product.serving(folder / "shuffled") as (config, other):
        product.build(config, other, shuffled)
        found += report("rows in another order", first, ask(other, queries, 1))
    return found


def ask(database: Database, queries: Sequence[str], clients: int) -> Answers:
    """Return the answer to each query; this many clients share the queries."""
    with ThreadPoolExecutor(clients) as pool:
        parts = pool.map(lambda first: _ask(database, queries[first::clients]), range(clients))
        return {text: found for part in parts for text, found in part.items()}


def _ask(database: Database, queries: Sequence[str]) -> Answers:
    with database.engine.connect() as connection:
        engine = product.Product(connection)
        return {text: engine.search(text) for text in queries}


def report(name: str, before: Mapping[str, list[Found]], after: Mapping[str, list[Found]]) -> int:
    """Print how many answers differ and some of them. Return how many."""
    different = [text for text in before if before[text] != after[text]]
    cut_short = sum(not before[text] or not after[text] for text in different)
    print(f"{name}: {len(different)} of {len(before)} answers differ, in {cut_short} of them one is empty")
    for text in islice(different, EXAMPLES):
        place, one, other = next(_differences(before[text], after[text]))
        print(f"  {text[:60]!r}: at {place} {_named(one)} and then {_named(other)}")
    return len(different)


def _differences(before: list[Found], after: list[Found]) -> Iterator[tuple[int, Found | None, Found | None]]:
    for place in range(max(len(before), len(after))):
        one, other = (next(iter(found[place : place + 1]), None) for found in (before, after))
        if one != other:
            yield place + 1, one, other


def _named(found: Found | None) -> str:
    return "nothing" if found is None else f"{found[1][:40]!r} ({found[0]})"
