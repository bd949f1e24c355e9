"""Bringing a reading history: the file, the dry run, and the pages of both."""

import gzip
import html
import io
import re
import zipfile

import pytest

from flyleaf.limits import UPLOAD_BYTES_MAX
from tests.fixture_types import Select, Visit
from tests.site import PASSWORD, Site, hidden_fields
from tests.uploads import DUNE, HEADER, STATE, brought, press, said, upload


def test_a_row_is_shown_before_it_is_written(alice: Site, dune: str, select: Select) -> None:
    before = select(STATE)
    shown = said(alice, brought(alice, HEADER + DUNE))
    for words in ("the same ISBN or identifier", "Read", "sf", "★ 4", "Sand.", "private notes", "21 March 2023"):
        assert words in shown
    assert select(STATE) == before


def test_others_have_no_part_in_it(alice: Site, bob: Site, dune: str) -> None:
    page = brought(alice, HEADER + DUNE)
    token = hidden_fields(bob.get("/import").text)
    assert bob.get(page).status_code == 404
    assert bob.get(f"{page}/rows/1").status_code == 404
    for action in ("commit", "undo", "withdraw", "rows", "rows/1"):
        assert bob.client.post(f"{page}/{action}", data=token | {"book": dune}).status_code == 404


@pytest.mark.parametrize(
    ("content", "status", "words"),
    [
        (b"", 422, "is empty"),
        (b"\x89PNG\r\n\x1a\n\0\0", 422, "not text"),
        (b"isbn,title\n9780441172719,Dune\n", 422, "no column of a reader"),
        (HEADER.encode(), 422, "no rows"),
        (b"PK\x03\x04 broken", 422, "packed data are broken"),
    ],
)
@pytest.mark.every_input
def test_a_file_that_cannot_be_used(alice: Site, select: Select, content: bytes, status: int, words: str) -> None:
    answer = upload(alice, content)
    assert answer.status_code == status
    assert words in html.unescape(answer.text)
    assert select("SELECT count(*) FROM uploads") == 0


def zipped(flags: int = 0) -> bytes:
    """A ZIP archive of an export, with more flags of its member than it has: 1 is that it is encrypted."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("export.csv", HEADER + DUNE)
        archive.filelist[0].flag_bits |= flags
    return file.getvalue()


@pytest.mark.parametrize(
    ("content", "portuguese", "spanish"),
    [
        (
            b"<svg xmlns='http://www.w3.org/2000/svg'><title>Dune</title></svg>\n",
            "Não é uma exportação que este site lê: exporte sua biblioteca do Goodreads, The StoryGraph, LibraryThing, "
            "BookWyrm, Openreads, Calibre ou Flyleaf e envie esse arquivo sem alterações.",
            "No es un archivo exportado que este sitio lea: exporta tu biblioteca de Goodreads, The StoryGraph, "
            "LibraryThing, BookWyrm, Openreads, Calibre o Flyleaf y sube ese archivo sin cambiarlo.",
        ),
        (
            b"",
            "Está vazio: exporte sua biblioteca de novo e envie esse arquivo.",
            "Está vacío: exporta tu biblioteca otra vez y sube ese archivo.",
        ),
        (
            zipped()[:-1],
            "Seus dados compactados estão danificados, ou seguidos de outra coisa, antes do byte … (File is not a zip "
            "file): copie-o ou baixe-o de novo.",
            "Sus datos comprimidos están dañados, o seguidos de otra cosa, antes del byte … (File is not a zip file): "
            "cópialo o descárgalo otra vez.",
        ),
        (
            zipped(flags=1),
            "Está criptografado: descompacte-o primeiro com a senha.",
            "Está cifrado: descomprímelo primero con su contraseña.",
        ),
        (
            (HEADER + DUNE + '2,"Dune').encode(),
            "Linha 3: aqui se abrem aspas que nunca se fecham: feche-as ou duplique as aspas que estão dentro de uma "
            "célula.",
            "Línea 3: aquí se abren unas comillas que nunca se cierran: ciérralas o duplica las comillas que haya "
            "dentro de una celda.",
        ),
        (
            gzip.compress((HEADER + DUNE * 50_001).encode(), 1),
            "Tem mais de 50.000 livros: exporte menos livros de cada vez.",
            "Tiene más de 50.000 libros: exporta menos libros a la vez.",
        ),
    ],
    ids=["SVG", "empty", "broken ZIP", "encrypted ZIP", "open quote", "too many rows"],
)
def test_why_a_file_cannot_be_used_is_said_in_the_language_of_the_page(
    alice: Site, content: bytes, portuguese: str, spanish: str
) -> None:
    for language, general, reason in (
        ("pt-BR", "Este arquivo não pode ser usado e nada foi salvo.", portuguese),
        ("es", "Este archivo no se puede usar y no se ha guardado nada.", spanish),
    ):
        form = upload(alice, content, language=language).text.partition('<form class="form"')[2]
        alert = form.partition("<input")[0]
        assert re.sub("<svg.*?</svg>", "", alert, flags=re.DOTALL).count("<p") == 2
        assert f"<span>{general}</span></p>" in alert
        [said_here] = re.findall("<p>(.*?)</p>", alert)
        assert re.sub("byte [0-9]+", "byte …", html.unescape(said_here)) == reason  # zipfile may read more or less


def test_a_file_that_is_too_large(alice: Site, select: Select, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("flyleaf.views.uploads.FORM_BYTES", 1_000 - UPLOAD_BYTES_MAX)
    answer = upload(alice, HEADER + DUNE * 20)
    assert (answer.status_code, "larger than 16 MB" in answer.text) == (413, True)
    assert select("SELECT count(*) FROM uploads") == 0


def test_a_file_that_another_site_sends_is_refused(alice: Site, select: Select) -> None:
    answer = alice.client.post("/import", data={"file": (io.BytesIO((HEADER + DUNE).encode()), "books.csv")})
    assert answer.status_code == 400
    assert select("SELECT count(*) FROM uploads") == 0


def test_a_form_without_a_file(alice: Site) -> None:
    answer = alice.submit("/import")
    assert (answer.status_code, "Choose the file" in answer.text) == (422, True)


def test_a_damaged_row_is_told_and_left_out(alice: Site, dune: str, select: Select) -> None:
    page = brought(alice, HEADER + DUNE + "2,,Nobody,,,4,,,,read,,\n3,Torn\n")
    refused = said(alice, f"{page}?show=refused")
    assert "Line 3 can’t be read" in refused
    assert "Line 4 can’t be read" in refused
    press(alice, page, "commit")
    assert select("SELECT count(*) FROM shelved_books") == 1


BROKEN_ROWS = (
    "2,,Nobody,,,4,,,,read,,\n"
    "3,Torn\n"
    f"4,{'Long ' * 400},Ann,,,4,,,,read,,\n"
    "5,Damag\udcffd,José,,,4,,,,read,,\n"
    '6,"Open"ed" book,Ann,,,4,,,,read,,\n'
).encode("utf-8", "surrogateescape")


@pytest.mark.parametrize(
    ("language", "begin", "reasons"),
    [
        (
            "en",
            "Line {} can’t be read and is left out: ",
            [
                "it has no title",
                "it has more or fewer cells than the header: quote cells that contain the separator",
                "its title is too long",
                "its title or its author is damaged: save the file as CSV (UTF-8)",
                "it is broken: double the quotes inside a cell, or export your library again",
            ],
        ),
        (
            "pt-BR",
            "A linha {} não pode ser lida e fica de fora: ",
            [
                "não tem título",
                "tem mais ou menos células que o cabeçalho: coloque entre aspas as células que contêm o separador",
                "o título é longo demais",
                "o título ou o autor está corrompido: salve o arquivo como CSV (UTF-8)",
                "está malformada: duplique as aspas que estão dentro de uma célula ou exporte sua biblioteca de novo",
            ],
        ),
        (
            "es",
            "La línea {} no se puede leer y queda excluida: ",
            [
                "no tiene título",
                "tiene más o menos celdas que el encabezado: pon entre comillas las celdas que contienen el separador",
                "su título es demasiado largo",
                "su título o su autor está dañado: guarda el archivo como CSV (UTF-8)",
                "está mal formada: duplica las comillas que haya dentro de una celda o exporta tu biblioteca otra vez",
            ],
        ),
    ],
)
def test_why_a_row_cannot_be_used_is_said_in_the_language_of_the_page(
    alice: Site, language: str, begin: str, reasons: list[str]
) -> None:
    page = upload(alice, HEADER.encode() + BROKEN_ROWS).location
    shown = alice.get(f"{page}?show=refused", headers={"Accept-Language": language}).text
    rows = re.findall(r'id="row-.*?<p class="quiet-line">(.*?)</p>', shown, re.DOTALL)
    assert [html.unescape(row) for row in rows] == [begin.format(n) + reason for n, reason in enumerate(reasons, 2)]


def test_a_deleted_account_takes_its_uploads_along(visit: Visit, dune: str, select: Select) -> None:
    carol = visit().registered("Carol")
    brought(carol, HEADER + DUNE)
    carol.submit("/account/delete", reviews="delete", password=PASSWORD)
    assert select("SELECT count(*) FROM uploads") == 0


def test_an_upload_whose_account_is_deleted_while_it_is_read(
    alice: Site, select: Select, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("flyleaf.views.uploads.insert_upload", lambda *_: 0)  # that of no upload any more
    assert upload(alice, HEADER + DUNE).status_code == 404
    assert select("SELECT count(*) FROM upload_rows") == 0


def test_a_list_of_rows_stays_that_list(alice: Site, dune: str) -> None:
    """The list that was shown was taken for the page's colours, so that it was not marked, and left after saving."""
    page = brought(alice, HEADER + DUNE + "2,Dunne,Frank Herbert,,,4,,,,read,,\n3,Torn\n4,,Nobody,,,4,,,,read,,\n")
    shown = alice.get(f"{page}?show=undecided").text
    assert re.findall(r'<a class="button" aria-current="page"[^>]*>([^<]*)<', shown) == ["To check (1)"]
    saved = alice.submit(f"{page}?show=undecided", f"{page}/rows?show=undecided", **{"row-2": ""})
    assert saved.location == f"{page}?show=undecided"
    assert f'action="{page}/rows?show=undecided"' in shown
    titles = re.findall(r"<strong[^>]*>([^<]*)</strong>", alice.get(page).text)
    assert titles == ["Dune", "Dunne", "3 Torn", "Nobody goodreads:4 read 4"], "in the order of the file"


def test_pages_of_rows(alice: Site, dune: str) -> None:
    rows = "".join(f"{n},Volume {n},Some Body,,,4,,,,read,,\n" for n in range(2, 45))
    page = brought(alice, HEADER + DUNE + rows)
    pages = list(alice.pages(page))
    assert len(pages) == 3
    assert all(len(text.encode()) <= 30_000 for text in pages)
    assert [len(re.findall("<select", text)) for text in pages] == [20, 20, 4]
