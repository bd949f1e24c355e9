"""MARCXML: MARC 21 records as XML elements, read as a stream.

pymarc builds the records. Document types are refused, so there are no entities and nothing is fetched.
"""

import re
from collections import deque
from collections.abc import Iterator
from typing import NoReturn
from xml.sax import SAXParseException  # nosec B406  # a document type is refused, and with it every entity
from xml.sax.expatreader import ExpatParser  # nosec B406
from xml.sax.handler import LexicalHandler, feature_namespaces, property_lexical_handler  # nosec B406
from xml.sax.xmlreader import AttributesNSImpl  # nosec B406

from pymarc import Record
from pymarc.marcxml import MARC_XML_NS, XmlHandler

from flyleaf.importing.formats import marc21, unimarc
from flyleaf.importing.formats.marc21 import DESCRIPTION
from flyleaf.importing.formats.marc_fields import LEADER_LENGTH
from flyleaf.importing.formats.marc_record import Broken, MarcRecord, table_of
from flyleaf.importing.reading.source import BLOCK, Source, UnusableFileError
from flyleaf.importing.table import Table

NAME = "marcxml"

_MAY_BE_LONG = {DESCRIPTION, *marc21.SUBJECTS, *unimarc.SUBJECTS}  # their rules say what is too long

RECORD_MAX = 16 << 20  # bytes between the ends of two records
SUBFIELD_MAX = 9_999  # characters; ISO 2709 can't have longer ones, and patterns are slow on them
# MARCXML's own, those of MarcXchange (ISO 25577), which national libraries use for UNIMARC, and none: some omit it.
_MARCXCHANGE = (
    "info:lc/xmlns/marcxchange-v1",
    "info:lc/xmlns/marcxchange-v2",
    "http://www.bs.dk/standards/MarcXchange",
)
_NAMESPACES = (MARC_XML_NS, *_MARCXCHANGE, None)
_RECORD = re.compile(rb"<(?:\w+:)?(?:collection|record)[\s>]")
_RECORD_WITHOUT_NAMESPACE = re.compile(rb"<record[^>]*>\s*<leader>")


def recognises(source: Source) -> bool:
    """Return whether it has MARCXML's elements and namespace, in any encoding: UTF-16 has NUL as every other byte."""
    head = source.head.replace(b"\0", b"").lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n")
    if not head.startswith(b"<") or not _RECORD.search(head):
        return False
    named = any(name.encode() in head for name in _NAMESPACES if name)
    return named or _RECORD_WITHOUT_NAMESPACE.search(head) is not None


def read(source: Source) -> Table:
    """Return the table of the records. Reading them raises UnusableFileError if the XML is not well-formed."""
    return table_of(_records(source))


class _Handler(XmlHandler, LexicalHandler):
    """Builds records, tolerating the elements of all programs."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.done: deque[MarcRecord | Broken] = deque()
        self._leader = ""
        self.in_record = False
        self._problem = ""

    def startDTD(self, name: str, public_id: str | None, system_id: str | None) -> NoReturn:  # noqa: N802
        raise UnusableFileError("it has a document type (<!DOCTYPE …>), which MARCXML doesn't allow: remove it.")

    def startElementNS(self, name: tuple[str | None, str], qname: str | None, attrs: AttributesNSImpl) -> None:  # noqa: N802
        if name[0] not in _NAMESPACES:
            return
        if name[1] == "record":
            self.in_record, self._problem, self._leader = True, "", ""
        try:
            super().startElementNS(name, qname, attrs)  # type: ignore[no-untyped-call]
        except KeyError as error:
            self._problem = f"a {name[1]} in it has no attribute {error.args[0][1]}"

    def endElementNS(self, name: tuple[str | None, str], qname: str | None) -> None:  # noqa: N802
        if name[0] in _NAMESPACES and name[1] == "leader":  # pymarc rejects an incomplete one
            self._leader = "".join(self._text)
        elif name[0] in _NAMESPACES:
            super().endElementNS(name, qname)  # type: ignore[no-untyped-call]

    def process_record(self, record: Record) -> None:
        for field in record.fields:
            if field.tag not in _MAY_BE_LONG and any(
                len(subfield.value) > SUBFIELD_MAX for subfield in field.subfields
            ):
                self._problem = f"its field {field.tag} has more than {SUBFIELD_MAX:,} characters"
        kind = self._leader[6:8] if len(self._leader) == LEADER_LENGTH else ""
        self.done.append(Broken(self._problem) if self._problem else MarcRecord(record.fields, kind))
        self.in_record = False


def _records(source: Source) -> Iterator[MarcRecord | Broken]:
    handler = _Handler()
    parser = ExpatParser()
    parser.setFeature(feature_namespaces, True)
    parser.setContentHandler(handler)
    parser.setProperty(property_lexical_handler, handler)
    unfinished = 0  # bytes since the last complete record
    while block := source.binary.read(BLOCK):
        _feed(parser, block)
        unfinished = 0 if handler.done else unfinished + len(block)
        if unfinished > RECORD_MAX:
            raise UnusableFileError(
                f"no record ends within {RECORD_MAX:,} bytes: is it MARCXML?", parser.getLineNumber()
            )
        while handler.done:
            yield handler.done.popleft()
    try:
        parser.close()
    except SAXParseException:
        source.remarks.append("The file ends before its last element does: what should follow is missing.")
        if handler.in_record:
            yield Broken("it breaks off before its end")


def _feed(parser: ExpatParser, block: bytes) -> None:
    try:
        parser.feed(block)
    except SAXParseException as error:
        problem = f"the XML is not well-formed here ({error.getMessage()}): fix it or download the file again."
        raise UnusableFileError(problem, error.getLineNumber()) from error
    except UnusableFileError:
        raise
    except (LookupError, ValueError) as error:
        raise UnusableFileError(f"its encoding can't be read ({error}): save it as UTF-8.") from error
