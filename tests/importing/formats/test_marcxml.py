"""MARCXML: where its records may stand, its encodings, and what is hostile or broken."""

import http.server
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from flyleaf.importing.formats.marcxml import SUBFIELD_MAX
from flyleaf.importing.reading.source import UnusableFileError
from flyleaf.importing.table import Reason
from tests.importing.formats.marc_files import DUNE, DUNE_020, element, marcxml
from tests.importing.formats.tables import read_file

EMMA = element(("020", "  $a0141439580"), ("245", "10$aEmma"))
GOOD = element(*DUNE)
NAMESPACE = "http://www.loc.gov/MARC21/slim"


def test_a_whole_record(tmp_path: Path) -> None:
    read = read_file(tmp_path, marcxml(GOOD, EMMA))
    assert (read.format, read.table.unit, read.lines, read.remarks) == ("marcxml", "record", [1, 2], [])
    assert read.records[0] == ("0441172717", "Dune", "Frank Herbert", "1965", "", "en", "", "", "", "", "", "")


@pytest.mark.parametrize(
    "content",
    [
        GOOD.replace("<record>", f'<record xmlns="{NAMESPACE}">'),
        f'<marc:collection xmlns:marc="{NAMESPACE}">'
        + GOOD.replace("<", "<marc:").replace("<marc:/", "</marc:")
        + "</marc:collection>",
        '<mxc:collection xmlns:mxc="info:lc/xmlns/marcxchange-v2">'
        + GOOD.replace("<", "<mxc:").replace("<mxc:/", "</mxc:")
        + "</mxc:collection>",
        '<collection xmlns="http://www.bs.dk/standards/MarcXchange">' + GOOD + "</collection>",
        "\ufeff<collection>" + GOOD + "</collection>",
        '<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/"><ListRecords><record><header/><metadata>'
        + GOOD.replace("<record>", f'<record xmlns="{NAMESPACE}">')
        + "</metadata></record></ListRecords></OAI-PMH>",
        '<?xml version="1.0"?><!-- <x> -->\n' + GOOD.replace("00000nam a2200000 a 4500", "short"),
    ],
)
def test_where_a_record_may_stand(tmp_path: Path, content: str) -> None:
    read = read_file(tmp_path, content)
    assert (read.format, read.column("title"), read.refused) == ("marcxml", ["Dune"], [])


@pytest.mark.parametrize("encoding", ["UTF-8", "UTF-16", "ISO-8859-1", "windows-1252"])
def test_encodings(tmp_path: Path, encoding: str) -> None:
    content = marcxml(element(DUNE_020, ("245", "10$aL'été &amp; après")), encoding=encoding)
    assert read_file(tmp_path, content).column("title") == ["L'été & après"]


@pytest.mark.slow
def test_many_records(tmp_path: Path) -> None:
    assert read_file(tmp_path, marcxml(*[GOOD] * 3000)).lines == list(range(1, 3001))


@pytest.mark.parametrize(
    ("record", "detail"),
    [
        (GOOD.replace(' tag="245"', ""), "a datafield in it has no attribute tag"),
        (GOOD.replace(' code="a"', ""), "a subfield in it has no attribute code"),
        (element(DUNE_020, ("245", "10$a" + "x" * (SUBFIELD_MAX + 1))), "its field 245 has more than 9,999 characters"),
    ],
)
def test_a_damaged_record_is_refused_and_the_next_one_read(tmp_path: Path, record: str, detail: str) -> None:
    read = read_file(tmp_path, marcxml(EMMA, record, EMMA))
    assert read.lines == [1, 3]
    assert read.refused == [(2, Reason.UNREADABLE, detail, ())]


def test_a_file_that_ends_in_the_midst_of_a_record(tmp_path: Path) -> None:
    content = marcxml(EMMA, GOOD)
    read = read_file(tmp_path, content[: content.rindex(b"Dune")])
    assert read.column("title") == ["Emma"]
    assert read.refused == [(2, Reason.UNREADABLE, "it breaks off before its end", ())]
    assert read.remarks == ["The file ends before its last element does: what should follow is missing."]


def test_a_file_that_ends_between_records_is_reported(tmp_path: Path) -> None:
    read = read_file(tmp_path, marcxml(EMMA, GOOD).removesuffix(b"</collection>"))
    assert (read.lines, read.refused) == ([1, 2], [])
    assert read.remarks == ["The file ends before its last element does: what should follow is missing."]


LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (marcxml(EMMA, before=f'<!DOCTYPE c [<!ENTITY l0 "ha">{LAUGHS}]>'), "it has a document type"),
        (marcxml(EMMA, before='<!DOCTYPE c [<!ENTITY x SYSTEM "file:///etc/passwd">]>'), "it has a document type"),
        (marcxml(EMMA, before='<!DOCTYPE collection SYSTEM "marc.dtd">'), "it has a document type"),
        (marcxml(EMMA + "<record></recrod>"), "line 2: the XML is not well-formed here (mismatched tag)"),
        (marcxml(EMMA + "&x;"), "line 2: the XML is not well-formed here (undefined entity)"),
        (marcxml(EMMA).replace(b"Emma", b"Emm\xe9"), "line 2: the XML is not well-formed here (not well-formed"),
        (marcxml(EMMA).replace(b"UTF-8", b"nonsense"), "its encoding can't be read (unknown encoding: nonsense)"),
        (marcxml(EMMA).replace(b"UTF-8", b"shift_jis"), "its encoding can't be read (multi-byte encodings"),
        (marcxml(EMMA + "<record>" + "x" * (17 << 20)), "line 2: no record ends within 16,777,216 bytes"),
    ],
)
def test_files_that_can_not_be_used(tmp_path: Path, content: bytes, problem: str) -> None:
    with pytest.raises(UnusableFileError) as caught:
        read_file(tmp_path, content)
    assert str(caught.value).startswith(problem)


@pytest.fixture
def asked() -> Iterator[list[str]]:
    """The paths that a server of this machine was asked for; the first is its address."""
    paths: list[str] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            paths.append(self.path)
            self.send_error(404)

    with http.server.HTTPServer(("127.0.0.1", 0), Handler) as server:
        paths.append(f"http://127.0.0.1:{server.server_port}")
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield paths
        server.shutdown()
        thread.join()


def test_nothing_is_fetched(tmp_path: Path, asked: list[str]) -> None:
    before = f'<!DOCTYPE collection SYSTEM "{asked[0]}/marc.dtd" [<!ENTITY % x SYSTEM "{asked[0]}/x"> %x;]>'
    with pytest.raises(UnusableFileError):
        read_file(tmp_path, marcxml(EMMA, before=before))
    assert asked[1:] == []
