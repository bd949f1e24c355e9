"""How good a match is: the logarithm of how likely a reader who means this work would have typed this query.

A noisy channel (Kernighan, Church and Gale 1990; Brill and Moore 2000): the prior of the work, from its popularity,
times the likelihood that one who means it types its title, the beginning of it, some of its words, its author, or
words of both; each wrong letter makes it less likely. All numbers are natural logarithms, so they add up.
"""

from __future__ import annotations

import math

from flyleaf.search.candidates import Candidate
from flyleaf.search.coverage import as_covered
from flyleaf.search.matching import WEIGHTS, Match, Placed, TermMatcher, Weights, prior, without_article
from flyleaf.search.reading import ARTICLES

REPEAT_COST = 6.0  # a word that was typed more often than the work has it
SPACES_COST = 2.0  # set apart or run together otherwise than printed


def score(matcher: TermMatcher, candidate: Candidate, weights: Weights = WEIGHTS) -> Match:
    """Compare one reading with one candidate."""
    title, author = candidate.title_key.split(), candidate.author_key.split()
    in_title = matcher.place(title, weights.unfinished)
    in_author = matcher.place(author, weights.unfinished)
    if matcher.is_fielded and not _is_in_its_fields(matcher, title, author, in_title, in_author):
        return Match(-math.inf, candidate, matcher.reading.label, (), ())
    if matcher.covers:
        return as_covered(matcher, candidate, in_title, in_author, weights)
    if not any(in_author) and None not in in_title:  # most candidates: the title alone can explain the query
        best = _as_title(matcher, candidate, title, in_title, weights)
    elif not any(in_title) and None not in in_author:
        best = _as_author(matcher, author, in_author, weights)
    else:
        best = max(
            _as_title(matcher, candidate, title, in_title, weights),
            _as_author(matcher, author, in_author, weights),
            _as_both(matcher, title, author, in_title, in_author, weights),
        )
    stage = matcher.reading.label
    if len(best[1]) < matcher.size and stage == "words":
        letters = _as_letters(matcher, title, weights)
        if letters[0] > best[0]:
            best, stage = letters, "start"
    value, words, fields = best
    if matcher.repeats and stage != "start":  # typed twice, as in "the the"
        value -= REPEAT_COST * sum(max(0, words.count(word) - (title + author).count(word)) for word in set(words))
    return Match(
        value + prior(candidate.popularity, weights) - matcher.reading.cost,
        candidate,
        stage,
        words,
        fields,
        matcher.typed,
    )


def _is_in_its_fields(
    matcher: TermMatcher, title: list[str], author: list[str], in_title: list[Placed], in_author: list[Placed]
) -> bool:
    """Take out what stands in the wrong field, and return whether the words asked of one field are all there. As typed,
    the database has seen to that, and what stands in neither is a numeral or an initial."""
    own = {"title": (in_title, in_author, author), "author": (in_author, in_title, title)}
    for term, field in enumerate(matcher.fields):
        if field is None:
            continue
        placed, other, other_words = own[field]
        other[term] = None
        if placed[term] is None and (matcher.reading.label != "words" or matcher.typed[term] in other_words):
            return False
    return True


Scored = tuple[float, tuple[str, ...], tuple[str, ...]]
NOTHING: Scored = (-99.0, (), ())


def _as_title(
    matcher: TermMatcher, candidate: Candidate, title: list[str], placed: list[Placed], weights: Weights
) -> Scored:
    if None in placed:
        return NOTHING
    words = tuple(p[0] for p in placed if p)
    cost = sum(p[1] for p in placed if p)
    value = weights.title_words - weights.title_length * math.log(max(1.0, len(title) / matcher.size))
    start = 1 if matcher.has_article else 0
    bare = title[1:] if len(title) > 1 and title[0] in ARTICLES else title
    chosen = words[1:] if matcher.has_article else words
    if tuple(bare[: len(chosen)]) == chosen or tuple(title[: len(words)]) == words:
        length = candidate.title_key
        typed = " ".join(words)
        if len(bare) == len(chosen) or length == typed:
            value = weights.title_whole
        elif (
            candidate.main_length < len(length)
            and len(length[: candidate.main_length].split()) - (len(title) - len(bare)) == len(words) - start
        ):
            value = weights.title_main
        else:
            value = max(value, weights.title_start - 0.3 * weights.title_length * math.log(len(title) / matcher.size))
        if length.startswith(typed):
            value += weights.article
    return value - cost, words, ("title",)


def _as_letters(matcher: TermMatcher, title: list[str], weights: Weights) -> Scored:
    """The title or its beginning, but with spaces in other places."""
    typed = "".join(matcher.typed)
    for words in (title, without_article(title)):
        letters = "".join(words)
        if letters.startswith(typed):
            value = weights.title_whole if letters == typed else weights.title_start
            covered = next(n for n in range(len(words) + 1) if len("".join(words[:n])) >= len(typed))
            length = 0.3 * weights.title_length * math.log(len(words) / covered)
            return value - length - SPACES_COST, tuple(words[:covered]), ("title",)
    return NOTHING


def _as_author(matcher: TermMatcher, author: list[str], placed: list[Placed], weights: Weights) -> Scored:
    if None in placed:
        return NOTHING
    words = tuple(p[0] for p in placed if p)
    cost = sum(p[1] for p in placed if p)
    if len(author) == matcher.size and set(words) == set(author):
        value = weights.author_whole
    elif author[-1] in words:
        value = weights.author_surname - (
            weights.author_length * math.log(len(author) / matcher.size) if matcher.size > 1 else 0
        )
    else:
        value = weights.author_words - weights.author_length * math.log(len(author) / matcher.size)
    return value - cost, words, ("author",)


def _as_both(
    matcher: TermMatcher,
    title: list[str],
    author: list[str],
    in_title: list[Placed],
    in_author: list[Placed],
    weights: Weights,
) -> Scored:
    words, cost, titles, authors, surname = [], 0.0, 0, 0, False
    for term in range(matcher.size):
        a, b = in_title[term], in_author[term]
        if a is None and b is None:
            cost += weights.missing if matcher.loose[term] else weights.elsewhere
            continue
        if b is not None and (a is None or b[1] < a[1] or (b[1] == a[1] and b[0] == author[-1])):
            authors += 1
            surname = surname or b[0] == author[-1]
            words.append(b[0])
            cost += b[1]
        elif a is not None:
            titles += 1
            words.append(a[0])
            cost += a[1]
    value = (
        weights.both
        + (weights.both_surname if surname else 0)
        - 0.5 * weights.title_length * math.log(max(1.0, len(title) / max(1, titles)))
    )
    fields = ("title",) * (titles > 0) + ("author",) * (authors > 0)
    return value - cost, tuple(words), fields
