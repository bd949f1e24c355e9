"""Words that were typed but are not in the book: what each says, and which works are looked for in spite of it."""

from __future__ import annotations

from flyleaf.search.pieces import Where
from flyleaf.search.reading import Query, Reading, Term
from flyleaf.search.surplus_words import GENERIC, GENERIC_COST, LITTLE, OFTEN_GENERIC, OFTEN_GENERIC_COST

DRIVING = 20_000  # works; commoner words do not lead a scan
TOO_COMMON = 50_000  # works; such words are not asked for beside others, whose lists are quicker to read
ALONE = 1_500  # works; a word that more have is asked for together with another one
MOST_DRIVERS = 3


def is_hinted(query: Query) -> bool:
    """Whether the query looks as if it had more than a title and an author: generic words, brackets, a colon."""
    return any(where is not Where.MAIN for where in query.wheres) or not (GENERIC | OFTEN_GENERIC).isdisjoint(
        query.words
    )


def spans(query: Query) -> list[str]:
    """Runs of words that may be the whole title: those that begin or end the query or a piece of it, and those that
    begin behind, or end before, words that say little."""
    words, size = query.words, len(query.words)
    empty = [word in LITTLE or word in GENERIC or word in OFTEN_GENERIC for word in words]
    edge = [at in (0, size) or query.places[at] != query.places[at - 1] for at in range(size + 1)]
    first = [edge[at] or (at > 0 and empty[at - 1]) for at in range(size)]
    last = [edge[at] or (at < size and empty[at]) for at in range(size + 1)]
    found = [
        words[start:end]
        for start in range(size)
        for end in range(start + 1, size + 1)
        if (edge[start] or edge[end] or (first[start] and last[end])) and (end - start < size)
    ]
    return [" ".join(run) for run in found if not all(word in LITTLE for word in run) or len(run) <= 2]


def core(reading: Reading) -> list[Reading]:
    """The words without those that say next to nothing; no reading where that is all of them, none, or unknown ones."""
    terms = tuple(term._replace(loose=term.missing <= OFTEN_GENERIC_COST) for term in reading.terms)
    asked = [term for term in terms if not term.loose]
    if not 0 < len(asked) < len(terms) or not all(term.works for term in asked):
        return []
    return [reading._replace(label="surplus", terms=terms, covers=True)]


def covering(reading: Reading) -> Reading:
    """The same words, any of which the work may lack."""
    terms = tuple(term._replace(loose=True) for term in reading.terms)
    return reading._replace(label="surplus", terms=terms, covers=True)


def drivers(terms: tuple[Term, ...]) -> list[str]:
    """What the index is asked for works that have the rarest words, each alone or, where many have it, together with
    any other; none of them is a word that says next to nothing."""
    telling = sorted(
        (t for t in terms if 0 < t.works <= DRIVING and t.missing > GENERIC_COST), key=lambda t: (t.works, t.typed)
    )
    asked = []
    for term in telling[:MOST_DRIVERS]:
        others = [other for other in terms if other is not term and other.works and other.missing > GENERIC_COST]
        others = [other for other in others if other.works <= TOO_COMMON] or others
        if term.works <= ALONE:
            asked.append(term.tsquery)
        elif others:
            asked.append(f"{term.tsquery}&({'|'.join(other.tsquery for other in others)})")
    return asked
