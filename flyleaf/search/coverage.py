"""How good a match is that lacks some of the words: each costs the more, the more it says."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, field

from flyleaf.search.candidates import Candidate
from flyleaf.search.matching import LOOSE_COST, Instead, Match, Placed, TermMatcher, Weights, prior, without_article
from flyleaf.search.surplus_words import BEFORE_COST, BEHIND_COST

RAREST_COST = 2.0  # the work lacks the most telling of the words
LONGER = 1.0  # for each e-fold that a whole title has more words: "gathering darkness" is not "the gathering"
HARDLY_RARER = 1.0  # … than a whole title where the query begins or ends, which then outweighs it
SHORT = 3  # letters: where these alone are changed, and another word is missing, it is chance: "fogo" for "foo: bar"
LEAST_TOLD = 0.3  # of what the words say that are in any work


@dataclass
class _Covered:
    """What a work has of the words, summed up."""

    words: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    fields: set[str] = field(default_factory=set)
    cost: float = 0.0
    told: float = 0.0  # what the words that it has say
    dearest: float = 0.0
    dearest_word: float = 0.0  # … which is no number
    changed: bool = False
    instead: list[Instead] = field(default_factory=list)
    letters: int = 0  # that were typed of the words that it has
    in_title: int = 0
    surname: bool = False


@dataclass(frozen=True)
class _Whole:
    """The run of words of the query that is the whole title, or all of it before a subtitle or bracket."""

    value: float
    start: int
    at_edge: bool  # it begins or ends a piece of the query, but for words that say little
    fills: bool  # … begins and ends


def as_covered(
    matcher: TermMatcher, candidate: Candidate, in_title: list[Placed], in_author: list[Placed], weights: Weights
) -> Match:
    """Score a work that explains some of the words. The match has no words where that is next to nothing."""
    title, author = candidate.title_key.split(), candidate.author_key.split()
    whole = _whole_title(matcher, candidate, title, in_title, weights)
    covered = _cover(matcher, title, author, in_title, in_author, _costs(matcher, whole))
    if whole is not None:
        value = whole.value
    else:
        value = weights.both - 0.5 * weights.title_length * math.log(max(1.0, len(title) / max(1, covered.in_title)))
    if covered.surname:
        value += weights.both_surname
    is_title_meant = whole is not None and whole.at_edge
    if covered.dearest >= matcher.rarest > 0 and not (is_title_meant and covered.told + HARDLY_RARER >= matcher.rarest):
        value -= RAREST_COST
    value += prior(candidate.popularity, weights) - covered.cost - matcher.reading.cost
    tells = covered.told >= LEAST_TOLD * matcher.told or is_title_meant
    if any(in_title[at] is None for at in matcher.required):
        tells = False
    if covered.changed and covered.letters <= SHORT and not matcher.telling.isdisjoint(covered.missing):
        tells = False
    return Match(
        value,
        candidate,
        matcher.reading.label,
        tuple(covered.words) if tells else (),
        tuple(name for name in ("title", "author") if name in covered.fields),
        matcher.typed,
        tuple(covered.missing),
        covered.dearest,
        covered.dearest_word,
        not covered.changed,
        whole is not None,
        tuple(covered.instead),
    )


def _costs(matcher: TermMatcher, whole: _Whole | None) -> tuple[float, ...]:
    """Return what each word costs that is missing. Beside a piece that is the whole title, other pieces say little."""
    if whole is None or not whole.fills:
        return matcher.missing
    own = matcher.pieces[whole.start]
    return tuple(
        cost if piece == own else min(cost, BEFORE_COST if piece < own else BEHIND_COST)
        for cost, piece in zip(matcher.missing, matcher.pieces, strict=True)
    )


def _cover(
    matcher: TermMatcher,
    title: list[str],
    author: list[str],
    in_title: list[Placed],
    in_author: list[Placed],
    costs: tuple[float, ...],
) -> _Covered:
    covered = _Covered()
    left = Counter(title + author) if matcher.repeats else None  # a word typed twice has to be there twice
    for term, (a, b, missing) in enumerate(zip(in_title, in_author, costs, strict=True)):
        best = min((placed for placed in (a, b) if placed is not None), key=lambda placed: placed[1], default=None)
        if best is not None and left is not None:
            left[best[0]] -= 1
            best = best if left[best[0]] >= 0 else None
        typed = matcher.typed[term]
        if best is not None and best[1] >= LOOSE_COST and best[0] != typed and best[0] in matcher.typed:
            best = None  # who types "king kong" means two words
        if best is None or best[1] >= missing:
            covered.missing.append(typed)
            covered.cost += missing
            covered.dearest = max(covered.dearest, missing)
            if not typed.isdigit():
                covered.dearest_word = max(covered.dearest_word, missing)
            continue
        word, cost = best
        covered.words.append(word)
        covered.letters += len(typed)
        covered.told += missing - cost
        covered.cost += cost
        covered.changed |= word != typed and not (term == matcher.size - 1 and word.startswith(typed))
        if cost >= LOOSE_COST and matcher.reading.terms[term].own_works:
            covered.instead.append(Instead(word, matcher.reading.terms[term].own_works, missing - cost))
        is_in_title = a is not None and a[1] <= cost
        covered.in_title += is_in_title
        covered.fields.add("title" if is_in_title else "author")
        covered.surname |= b is not None and b[1] <= cost and b[0] == author[-1]
    return covered


def _whole_title(
    matcher: TermMatcher, candidate: Candidate, title: list[str], in_title: list[Placed], weights: Weights
) -> _Whole | None:
    """Find the whole title, or all of it before a subtitle or bracket, in the query."""
    typed = [
        placed[0] if placed and (placed[1] < LOOSE_COST or not known) else word  # a known word stands for itself
        for placed, word, known in zip(in_title, matcher.typed, matcher.known, strict=True)
    ]
    found = _run(matcher, without_article(title), typed, weights.title_whole)
    if found is None and candidate.main_length < len(candidate.title_key):
        main = without_article(candidate.title_key[: candidate.main_length].split())
        found = _run(matcher, main, typed, weights.title_main)
    return found


def _run(matcher: TermMatcher, words: list[str], typed: list[str], value: float) -> _Whole | None:
    """Find the words in the typed ones, in this order."""
    size = len(words)
    if not size:
        return None
    begins_piece, ends_piece = matcher.edges
    starts = (at for at in range(matcher.size - size + 1) if typed[at : at + size] == words)
    runs = [(begins_piece[start], ends_piece[start + size - 1], start) for start in starts]
    if not runs:
        return None
    begins, ends, start = max(runs, key=lambda run: (run[0] + run[1], -run[2]))
    return _Whole(value + LONGER * math.log(size), start, begins or ends, begins and ends)
