"""Words that readers, shops and file names add to a title: what kind of book or file it is, in English, Portuguese and
Spanish. All are in the form of search_key()."""

import math

from flyleaf.search.pieces import Where

LITTLE_COST = 0.3
GENERIC_COST = 0.5
OFTEN_GENERIC_COST = 1.2
BRACKET_COST = 0.5
BEHIND_COST = 1.2  # at most, for a word behind a colon or a dash
BEFORE_COST = 2.0  # … or before one, where what is behind it is a whole title
NUMBER_COST = 1.5  # at most, for a number: that of an edition, a volume, a year
TELLING = 0.75  # for each e-fold that a word is rarer

# What kind of thing it is: the book, its form, its edition, where to get it.
GENERIC = frozenset(
    "book books novel novels novella memoir memoirs livro livros romance romances novela novelas libro libros memoria "
    "memorias "
    "paperback paperbacks hardcover hardcovers hardback hardbound softcover softback pocketbook audiobook audiobooks "
    "audio audible unabridged abridged cd mp3 ebook ebooks kindle epub mobi azw azw3 pdf pdfs djvu mass market board "
    "brochura brochado capa dura mole comum bolso encadernado audiolivro "
    "tapa blanda rustica bolsillo encuadernado encuadernacion cartone audiolibro "
    "edition editions ed edn reprint reissue edicao edicoes edicion ediciones isbn "
    "online read free download downloads baixar ler gratis gratuito descargar leer linea "
    "1st 2nd 3rd 4th 5th 6th 7th 8th 9th 10th".split()
)
# The same, but often words of a title as well.
OFTEN_GENERIC = frozenset(
    "fiction nonfiction thriller mystery biography autobiography story stories tale poems play textbook anthology "
    "bestseller bestselling classic classics conto contos ficcao biografia autobiografia poemas classico cuento "
    "cuentos ficcion relato relatos historieta clasico "
    "digital print box boxed set bound leather revised updated expanded illustrated annotated complete full text "
    "special deluxe limited collector collectors anniversary international original version copy signed second third "
    "ilustrada ilustrado anotada anotado completa completo integral especial revista ampliada atualizada limitada "
    "comemorativa versao exemplar impresso revisada corregida aumentada conmemorativa integra ejemplar "
    "series serie vol volume volumes volumen tome tomo part parte bk trilogy trilogia saga colecao coleccion "
    "reading torrent buy cheap used new amazon goodreads review reviews summary summaries author synopsis "
    "leia comprar barato usado novo resenha resumo sinopse autor autora lee gratuita nuevo resena resumen "
    "escrito".split()
)
# Say little where they are left over: articles, prepositions, conjunctions.
LITTLE = frozenset(
    "the a an of and in to for on is with at by from or as it its this that "
    "o a os as um uma uns umas de do da dos das e em no na nos nas por para com ou "
    "el la los las lo un una unos unas del al y en con por para u "
    "le les l une des du et d der die das den dem des ein eine und von zu il gli i uno di".split()
)


def missing_cost(word: str, where: Where, works: int, catalogue: int) -> float:
    """How unlikely it is that a reader types the word who means a work without it: less for words that say little, and
    for what stands in brackets or behind a colon."""
    if word in LITTLE:
        return LITTLE_COST
    if word in GENERIC:
        return GENERIC_COST
    if word in OFTEN_GENERIC:
        return BRACKET_COST if where is Where.BRACKETS else OFTEN_GENERIC_COST
    cost = 0.5 + TELLING * math.log((catalogue + 1) / (works + 0.5))
    if where is Where.BRACKETS:
        return min(cost, BRACKET_COST)
    if where is Where.BEHIND and works:  # an unknown word may be misspelt
        return min(cost, BEHIND_COST)
    return min(cost, NUMBER_COST) if word.isdigit() else cost
