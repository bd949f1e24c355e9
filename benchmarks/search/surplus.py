"""Queries with more words than the title: SURPLUS for tuning, UNSEEN and HELD_OUT for checking the result.

While tuning the search, look only at single queries from SURPLUS. UNSEEN has other extra words and other forms, and
HELD_OUT mixes them with typos, so a search that has merely memorised a list of words does worse there. For both, read
only the totals.
"""

import random
import re
from collections.abc import Callable, Mapping

from benchmarks.search.kinds import ARTICLE, STOP_WORDS, Book, Kind, fold, misspelt

LONGEST_TITLE = 80  # characters
FIELD = re.compile(r"{(\w+)}")
PEOPLE = "Anna Blackwood Cooper Darcy Ellis Fairchild Grant Holloway Ivanov Jensen Kowalski Lopez Morgan Price".split()
PLACES = "Avalon Boston Cairo Dublin Edinburgh Harbour Lisbon Midnight Northern Prague Raven Shadow Winter".split()
SERIES = (
    "{person} Mysteries", "Inspector {person} Mysteries", "{person} Thrillers", "The {place} Saga", "{place} Trilogy",
    "Chronicles of {place}", "The {place} Series", "{place} Nights", "The {person} Family",
)  # fmt: skip
NUMBERS = (" Book {n}", ", Book {n}", ", #{n}", " #{n}", " {n}", ", Vol. {n}", "")
ADJECTIVES = "brief complete forgotten hidden human last modern new personal secret short strange true untold".split()
ACCOUNTS = "account biography chronicle guide history inquiry introduction journey life portrait story tale".split()
SUBJECTS = (
    "america childhood courage death empire family food freedom friendship hope justice love mankind memory money "
    "ideas music nature power science survival heart mind sea south world time war women"
).split()


def _series(chance: random.Random) -> str:
    names = {"person": chance.choice(PEOPLE), "place": chance.choice(PLACES), "n": chance.randrange(1, 9)}
    return (chance.choice(SERIES) + chance.choice(NUMBERS)).format_map(names)


def _without_article(title: str) -> str:
    article = ARTICLE.match(title)
    return title[article.end() :] if article else title


def _subtitle(chance: random.Random) -> str:
    first, second = chance.sample(SUBJECTS, 2)
    subject = chance.choice((first, first, f"{first} and {second}", f"{first} in {chance.choice(PLACES)}"))
    account = chance.choice(("", "", chance.choice(ADJECTIVES) + " ")) + chance.choice(ACCOUNTS)
    article = chance.choice(("the", "an" if account[0] in "aeiou" else "a"))
    return f"{article} {account} of {subject}"


def _with_typo(title: str, chance: random.Random) -> str:
    words = title.split()
    long = [place for place, word in enumerate(words) if len(word) > 4 and word.isalpha()]
    if not long:
        return ""
    place = chance.choice(long)
    words[place] = words[place][0] + misspelt(words[place].lower(), chance)[1:]
    return " ".join(words)


# The values of {name} in a template; "" if the book doesn't have one.
FIELDS: Mapping[str, Callable[[Book, random.Random], str]] = {
    "title": lambda book, _: book.short,
    "main": lambda book, _: book.main,
    "author": lambda book, _: book.author,
    "surname": lambda book, _: book.surname.title(),
    "without_article": lambda book, _: _without_article(book.short),
    "telling": lambda book, _: " ".join(book.telling[:3]) if len(book.telling) > 1 else "",
    "title_typo": lambda book, chance: _with_typo(book.short, chance),
    "surname_typo": lambda book, chance: _with_typo(book.surname, chance),
    "series": lambda _, chance: _series(chance),
    "subtitle": lambda _, chance: _subtitle(chance),
}


def typed_as(*templates: str) -> Callable[[Book, random.Random], str]:
    """Return a function that types a book by one of the templates, half of the time in lower case.

    A template is not used for a book that already has one of its words or lacks one of its fields.
    """

    def typed(book: Book, chance: random.Random) -> str:
        template = chance.choice(templates)
        if not 2 <= len(book.short) <= LONGEST_TITLE or _surplus(template) & set(fold(book.title).split()):
            return ""
        fields = {name: FIELDS[name](book, chance) for name in FIELD.findall(template)}
        if not all(fold(text) for text in fields.values()):
            return ""
        text = template.format_map(fields)
        return chance.choice((text, text.lower()))

    return typed


def _surplus(template: str) -> set[str]:
    return set(fold(FIELD.sub(" ", template)).split()) - STOP_WORDS


def _kinds(ways: Mapping[str, tuple[str, ...]]) -> tuple[Kind, ...]:
    return tuple(Kind(name, "item", typed_as(*templates)) for name, templates in ways.items())


SURPLUS = _kinds(
    {
        "T: a novel": ("{title}: a novel", "{title}: A Novel"),
        "T - a novel": ("{title} - a novel", "{title}, a novel", "{title} a novel"),
        "T: a memoir": ("{title}: a memoir",),
        "T book": ("{title} book",),
        "T novel": ("{title} novel",),
        "the book T": ("the book {title}",),
        "T (complete)": ("{title} (the complete novel)",),
        "T read online": ("{title} read online free",),
        "T: other words": ("{main}: {subtitle}",),
        "T (series)": ("{title} ({series})",),
        "series: T": ("{series}: {title}", "({series}) {title}", "{series} - {title}"),
        "T year": ("{title} 1998", "{title} (2007)", "{title}, 2012", "{title} {author} 1987"),
        "T format": tuple(f"{{title}} {word}" for word in "paperback hardcover audiobook ebook pdf kindle".split()),
        "T [format]": ("{title} [hardcover]", "{title} (paperback)", "{title} (Kindle Edition)", "{title} [audiobook]"),
        "T edition": (
            "{title} 2nd edition",
            "{title} kindle edition",
            "{title} second edition",
            "{title} revised edition",
        ),
        "T by A format": ("{title} by {author} paperback", "{title} {surname} ebook", "{title} by {surname} pdf"),
        "T A book": ("{title} {surname} book", "{surname} {title} novel", "book {title} by {author}"),
        "A - T.pdf": ("{author} - {title}.pdf", "{surname} - {title}.epub"),
        "livro T": ("livro {title}", "o livro {title}", "{title} livro"),
        "T romance": ("{title} romance", "{title}: romance", "{title}: um romance"),
        "T capa comum": ("{title} capa comum", "{title} capa dura", "{title} edição de bolso"),
        "T pdf grátis": ("{title} pdf grátis", "baixar {title} pdf", "{title} ler online"),
        "libro T": ("libro {title}", "el libro {title}", "{title} libro"),
        "T novela": ("{title} novela", "{title}: novela", "{title}: una novela"),
        "T tapa blanda": ("{title} tapa blanda", "{title} tapa dura", "{title} edición de bolsillo"),
        "T pdf gratis": ("{title} pdf gratis", "descargar {title} pdf", "{title} leer online gratis"),
    }
)

UNSEEN = _kinds(
    {
        "unseen format": (
            "{title} large print",
            "{title} unabridged",
            "{title} board book",
            "{title} mass market",
            "{title} mp3 cd",
            "{title} softcover",
            "{title} hardback",
            "{title} epub",
            "{title} mobi",
            "{title} audible",
        ),
        "unseen edition": (
            "{title} collector's edition",
            "{title} 10th anniversary edition",
            "{title} illustrated",
            "{title} deluxe",
            "{title} (Penguin Classics)",
            "{title} [Oxford World's Classics]",
            "{title} first edition signed",
        ),
        "unseen before": (
            "buy {title}",
            "novel {title}",
            "read {title}",
            "download {title}",
            "where to buy {title}",
            "author of {title}",
            "books like {title}",
            "who wrote {title}",
        ),
        "unseen behind": (
            "{title} amazon",
            "{title} goodreads",
            "{title} free download",
            "{title} full text",
            "{title} summary",
            "{title} review",
            "{title} cheap",
            "{title} used copy",
            "{title} in english",
            "{title} bestseller",
        ),
        "unseen subtitle": (
            "{main}: stories",
            "{main}: a thriller",
            "{main}: poems",
            "{main}: essays",
            "{main}: a true story",
            "{main}: now a major motion picture",
            "{main}: the international bestseller",
            "{main} - a love story",
        ),
        "unseen brackets": (
            "{title} (english edition)",
            "{title} [import]",
            "{title} (used - very good)",
            "{title} (library binding)",
            "{title} ({author})",
            "{title} (2019 reprint)",
            "{title} [book club pick]",
        ),
        "unseen language": (
            "comprar {title}",
            "{title} resumo",
            "{title} em português",
            "{title} usado",
            "{title} coleção",
            "sinopse {title}",
            "{title} resumen",
            "{title} en español",
            "{title} de segunda mano",
            "reseña {title}",
            "{title} completo",
            "{title} roman",
            "{title} taschenbuch",
            "livre {title}",
            "buch {title}",
            "{title} libro tascabile",
        ),
    }
)

HELD_OUT = _kinds(
    {
        "held-out typo": (
            "{title_typo} book",
            "{title_typo} novel",
            "{title_typo} paperback",
            "the book {title_typo}",
            "{title_typo} pdf",
            "{title_typo}: a novel",
            "{title_typo} audio book",
            "livro {title_typo}",
            "{title_typo} libro",
            "{title_typo} kindle",
        ),
        "held-out names": (
            "{title_typo} by {surname}",
            "{title} {surname_typo} book",
            "{title} novel by {surname_typo}",
            "{without_article} {surname_typo} paperback",
            "{title_typo} {surname} hardcover",
            "{surname_typo} {title} ebook",
            "{title} de {surname} livro",
            "{title} de {surname_typo} tapa dura",
        ),
        "held-out parts": (
            "{telling} {surname} book",
            "{telling} by {surname} pdf",
            "{telling} novel {surname}",
            "{surname} {telling} audiobook",
            "{telling} {surname} hardback first edition",
            "{telling} {author} kindle",
            "{surname} {telling} libro",
        ),
        "held-out prose": (
            "looking for {title}",
            "i want to read {title}",
            "have you got {title}?",
            "{without_article} book series",
            "that book called {title}",
            "a copy of {title} please",
            "{title} book number 2",
            "is {title} a good book",
        ),
    }
)
