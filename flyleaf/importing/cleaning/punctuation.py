"""Remove the punctuation (ISBD) with which cataloguers separate the parts of a record."""

import re
import unicodedata

# Words that end with a full stop of their own.
ABBREVIATION_AT_END = re.compile(
    r"(?:\.\.\.|\b[^\W\d]\.|\b(?:Jr|Sr|Dr|Mr|Mrs|Ms|St|Co|Inc|Ltd|Esq|etc|et al|vs|Chr)\.)$"
)
_END_MARKS = " ,:;/=-"
# Cataloguers put commas round the word between two titles: Frankenstein, or, The modern Prometheus.
_JOINED_TITLES = re.compile(r"(, (?:or|o|ou|oder|ossia|ovvero|eller)|; (?:[a-z&]+)(?: d[ei])?), ")

# The kind of material, within the title.
_MATERIAL = re.compile(
    r" ?\[(?:(?:large print|text|electronic resource|computer file|micro(?:form|fiche|film)|sound recording"
    r"|video ?recording|braille|cartographic material|manuscript|printed music|music|graphic|kit|map|game|picture"
    r"|document|texte imprimé|images? animées?|ressource électronique|enregistrement sonore|texto|texto impreso"
    r"|recurso electrónico|recurso eletrônico|testo a stampa|risorsa elettronica|elektronische ressource)\b[^\]]*)\]",
    re.IGNORECASE,
)
_CATALOGUE_REMARK = re.compile(r",?\s*\[from old catalog(?:ue)?\.?\]?", re.IGNORECASE)
_SPACE_BEFORE_MARK = re.compile(" (?=[,:;?!])")
_DOUBLED_MARK = re.compile("[:;,]+ ?(?=[:;,])")
_NO_PUBLISHER = re.compile(r"s\. ?n\.?|n\. ?p\.?|publisher not identified", re.IGNORECASE)


def natural_title(text: str) -> str:
    """Return the title as a reader would write it: "Stuart Little: a tale" for "Stuart Little [microform] : a tale
    /"."""
    # The statement of responsibility follows the slash and belongs to another field.
    title = " ".join(text.partition(" /")[0].split()).strip(" ,:;/=")
    title = _CATALOGUE_REMARK.sub("", title)
    # Most titles have none of these: checking first saves a fifth of the time of a MARC import.
    if "[" in title or "]" in title:
        title = _without_brackets(title)
    if "--" in title or "..." in title:
        title = _with_ellipses(title)
    title = title.replace(" ;", ";")
    if ", " in title:
        title = _JOINED_TITLES.sub(r"\1 ", title)
    title = _SPACE_BEFORE_MARK.sub("", " ".join(title.split()))
    title = _DOUBLED_MARK.sub("", title)
    return without_end_marks(title)


def without_end_marks(text: str) -> str:
    """Return the text without the marks that introduce the next part of the record (" /", " :", " ;", " =", ","), and
    without the full stop unless it belongs to an abbreviation, an initial or an ellipsis."""
    # NFC, because a separate combining mark would make the next letter look like an initial.
    text = unicodedata.normalize("NFC", text).strip(_END_MARKS).strip()
    if text.endswith(".") and not ABBREVIATION_AT_END.search(text):
        text = text.rstrip(". ")
    return text


def natural_publisher(text: str) -> str:
    """Return "Harper & Row" for "[Harper & Row],", the first of several ("Rodale ; New York : …"), and "" for an
    unknown publisher ("[s.n.]")."""
    # A publisher is followed by a comma, so a full stop belongs to the name.
    name = _CATALOGUE_REMARK.sub("", text).partition(" ; ")[0].replace("[", "").replace("]", "").strip(" ,:;/=")
    return "" if _NO_PUBLISHER.fullmatch(name) else name


def _without_brackets(title: str) -> str:
    """Return the title without the kind of material and remarks at the end; supplied words and letters are kept without
    their brackets."""
    title = _MATERIAL.sub("", title)
    title = re.sub(r"\s*\[(?:sic|i\.e\.[^\]]*|et al\.?)\]", "", title)
    title = re.sub(r"(?<=\S)[:;,]?\s*\[[^\]]*\]$", "", title)
    return title.replace("[", "").replace("]", "")


def _with_ellipses(title: str) -> str:
    """Replace `--` by an ellipsis, or by a dash between two words, and remove ` ...` for omitted words."""
    title = re.sub(r"\.\s*--$", "", title)  # the mark before the next area of the record
    title = re.sub(r"(?<=\w)--(?=\w)", "—", title)
    title = re.sub(r"\s*--", "...", title)
    return re.sub(r" \.\.\.(?=$|\s?[:;,])", "", title)
