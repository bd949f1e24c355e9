"""MARC records, byte by byte: with pymarc a test could not make broken ones."""

import re

# What the fields of a book are in most tests; "$" stands for the mark of a subfield.
DUNE_008 = ("008", "000101s1965    nyu           000 1 eng  ")
DUNE_020 = ("020", "  $a0441172717 (pbk.)")
DUNE_100 = ("100", "1 $aHerbert, Frank,$d1920-1986.")
DUNE_245 = ("245", "10$aDune /$cFrank Herbert.")
DUNE = (DUNE_008, DUNE_020, DUNE_100, DUNE_245)


def marc(*fields: tuple[str, str | bytes], coding: str = "a", length: int | None = None, kind: str = "am") -> bytes:
    """A record in ISO 2709, in UTF-8 where a field is no bytes; `length` is what the leader says, where it lies; `kind`
    are the type and level of the record there."""
    directory, data = b"", b""
    for tag, content in fields:
        raw = content if isinstance(content, bytes) else content.encode()
        raw = re.sub(rb"(?<!\x1b)\$", b"\x1f", raw) + b"\x1e"  # not of MARC-8's escapes
        directory += b"%b%04d%05d" % (tag.encode(), len(raw), len(data))
        data += raw
    base = 24 + len(directory) + 1
    size = base + len(data) + 1 if length is None else length
    return b"%05dn%b %b22%05d a 4500%b\x1e%b\x1d" % (size, kind.encode(), coding.encode(), base, directory, data)


def marcxml(*records: str, encoding: str = "UTF-8", before: str = "") -> bytes:
    """A collection of the records' elements."""
    declaration = f'<?xml version="1.0" encoding="{encoding}"?>\n{before}'
    return f'{declaration}<collection xmlns="http://www.loc.gov/MARC21/slim">{"".join(records)}</collection>'.encode(
        encoding
    )


def element(*fields: tuple[str, str], kind: str = "am") -> str:
    """The record of the fields, written as for `marc`."""
    parts = [f"<record><leader>00000n{kind} a2200000 a 4500</leader>"]
    for tag, content in fields:
        if tag < "010":
            parts.append(f'<controlfield tag="{tag}">{content}</controlfield>')
        else:
            indicators, *subfields = content.split("$")
            inner = "".join(f'<subfield code="{text[0]}">{text[1:]}</subfield>' for text in subfields)
            parts.append(f'<datafield tag="{tag}" ind1="{indicators[0]}" ind2="{indicators[1]}">{inner}</datafield>')
    return "".join([*parts, "</record>"])
