"""What becomes of each field of a MARC 21 record."""

import unicodedata
from pathlib import Path

import pytest

from flyleaf.importing.table import Reason
from tests.importing.formats.marc_files import DUNE, DUNE_008, DUNE_020, DUNE_100, DUNE_245, element, marc, marcxml
from tests.importing.formats.tables import read_file


def cell(folder: Path, column: str, *fields: tuple[str, str]) -> str:
    """Of a record of the fields, and those of a book whose tags they leave free."""
    tags = {tag for tag, _ in fields}
    others = [field for field in (DUNE_008, DUNE_020, DUNE_245) if field[0] not in tags]
    [text] = read_file(folder, marc(*others, *fields)).column(column)
    return text


def test_a_whole_record(tmp_path: Path) -> None:
    read = read_file(
        tmp_path,
        marc(
            *DUNE,
            ("260", "  $aPhiladelphia :$bChilton Books,$c[1965]"),
            ("300", "  $axxvi, 412 p. ;$c23 cm."),
            ("520", "  $aA desert, and its people."),
            ("650", " 0$aDesert ecology$xFiction."),
            ("700", "1 $aNobody, Else."),
        ),
    )
    assert (read.format, read.table.unit) == ("marc", "record")
    book = {
        "isbn": "0441172717", "title": "Dune", "author": "Frank Herbert", "year": "1965", "publisher": "Chilton Books",
        "language": "en", "pages": "412", "description": "A desert, and its people.",
        "subjects": "Desert ecology; Fiction;", "series": "", "other_titles": "", "identifiers": "",
    }  # fmt: skip
    assert (read.table.columns, read.records) == (tuple(book), [tuple(book.values())])


@pytest.mark.parametrize(
    ("fields", "isbn"),
    [
        ([("020", "  $a0441172717")], "0441172717"),
        ([("020", "  $a0-441-17271-7 :$c$2.95")], "0-441-17271-7"),
        ([("020", "  $a0441172717(pbk. : v. 1)")], "0441172717"),
        ([("020", "  $aISBN 0441172717")], "0441172717"),
        ([("020", "  $a043942089x")], "043942089x"),
        ([("020", "  $a9780441172719 (cloth) :$c$5")], "9780441172719"),
        ([("020", "  $a0441172718"), ("020", "  $a0141439580 (cloth)")], "0141439580"),
        ([("020", "  $a0441172717 (v. 1)$a0141439580 (v. 2)")], "0441172717"),
        ([("020", "  $z0141439580"), ("020", "  $a0441172717")], "0441172717"),
        ([("020", "  $c$2.95"), ("020", "  $a0441172717")], "0441172717"),
        ([("020", "  $a0441172718 (pbk.)")], "0441172718"),
    ],
)
def test_isbn(tmp_path: Path, fields: list[tuple[str, str]], isbn: str) -> None:
    [number] = read_file(tmp_path, marc(*fields, DUNE_245)).column("isbn")
    assert number == isbn


@pytest.mark.parametrize(
    ("field", "title"),
    [
        ("14$aThe way to Wyatt's house /$cNancy White Carlstrom.", "The way to Wyatt's house"),
        ("10$aWindswept :$ba novel /$cby Martin Murie.", "Windswept: a novel"),
        ("10$aWindswept$ba novel$cby Martin Murie", "Windswept: a novel"),
        (
            "10$aLittle Sunshine's holiday,$ba picture from life$cby Miss Mulock.",
            "Little Sunshine's holiday, a picture from life",
        ),
        ("10$aStuart Little$h[electronic resource] :$bthe movie /$cN. N.", "Stuart Little: the movie"),
        ("10$aStuart Little$h[electronic resource] /$cE. B. White.", "Stuart Little"),
        ("10$aFaust.$nPart one,$pThe tragedy /$cGoethe.", "Faust. Part one, The tragedy"),
        ("10$aFaust$nPart one$pThe tragedy", "Faust. Part one. The tragedy"),
        ("10$aEl puente =$bThe bridge /$cN. N.", "El puente = The bridge"),
        ("10$aA plain title$hlydopptak /$cAnn Author.", "A plain title"),
        ("10$aAnother title$h<Ljudupptagning> /$cAnn Author", "Another title"),
        ("10$aThird title$h[videorecording /$cAnn Author", "Third title"),
        ("10$aFourth title$hlydopptak :$ba part /$cAnn Author", "Fourth title: a part"),
        ("10$aFifth title$hDVD$ba part", "Fifth title: a part"),
        ("10$aSixth title$h[sound recording] : the rest /$cx", "Sixth title: the rest"),
        ("10$aEin Titel$h[videorecording]$b= A title /$cAnn Author.", "Ein Titel = A title"),
        ("10$aEin Titel$b= A title /$cAnn Author.", "Ein Titel = A title"),
        ("10$aEin Titel$b : a part /$cAnn Author.", "Ein Titel: a part"),
        ("10$aA title [from old catalog] /$cx", "A title"),
        ("10$aA title$b[from old catalog]", "A title"),
        ("00$aWashington, D.C.", "Washington, D.C."),
        ("10$bonly the rest /", "only the rest"),
        ("10$a $bthe rest", "the rest"),
    ],
)
def test_title(tmp_path: Path, field: str, title: str) -> None:
    assert cell(tmp_path, "title", ("245", field)) == title


def test_the_romanised_title_is_kept_beside_one_in_the_original_script(tmp_path: Path) -> None:
    romanised = ("245", "10$6880-01$aVoĭna i mir /$cLev Tolstoĭ.")
    assert cell(tmp_path, "title", romanised, ("880", "10$6245-01$aВойна и мир /$cЛев Толстой.")) == "Voĭna i mir"


@pytest.mark.parametrize(
    ("fields", "author"),
    [
        ([("100", "1 $aKing, Stephen,$d1947-")], "Stephen King"),
        ([("100", "1 $aKing, Martin Luther,$cJr.,$d1929-1968.")], "Martin Luther King Jr."),
        ([("100", "1 $aTolkien, J. R. R.$q(John Ronald Reuel),$d1892-1973.")], "J. R. R. Tolkien"),
        ([("100", "1 $aSeuss,$cDr.")], "Dr. Seuss"),
        ([("100", "0 $aElizabeth$bII,$cQueen of Great Britain,$d1926-")], "Elizabeth II"),
        ([("100", "0 $aThomas,$cAquinas, Saint,$d1225?-1274.")], "Thomas Aquinas"),
        ([("100", "0 $aPlato.")], "Plato"),
        ([("100", "1 $aSmith, John,$d1820-1890. [from old catalog]")], "John Smith"),
        ([("100", "1 $aSmith, John, [from old catalog]")], "John Smith"),
        ([("100", "1 $a[Smith, John] 1820-1890.")], "John Smith"),
        ([("100", "1 $aSmith, J[ohn]$cSir [from old catalog]")], "John Smith"),
        ([("100", "1 $aTwain, Mark, [pseud.]")], "Mark Twain"),
        ([("110", "2 $aAcme company. [from old catalog]")], "Acme company"),
        ([("100", "0 $aGong, Yitai.")], "Yitai Gong"),
        ([("100", "1 $aKing, Stephen,"), ("700", "1 $aStraub, Peter.")], "Stephen King"),
        ([("700", "1 $aNobody, Else.$tAnother work."), ("700", "1 $aStraub, Peter,$eed.")], "Peter Straub"),
        ([("110", "2 $aUnited Nations.$bSecretariat.")], "United Nations. Secretariat"),
        ([("111", "2 $aWorld Congress (3rd : 1999 : Rome)")], "World Congress (3rd : 1999 : Rome)"),
        ([("710", "2 $aMuseum of Modern Art (New York, N.Y.)")], "Museum of Modern Art (New York, N.Y.)"),
        ([("245", "10$aDune /$cby Frank Herbert ; illustrated by N. N.")], "Frank Herbert"),
        ([("245", "10$aDune")], ""),
    ],
)
def test_author(tmp_path: Path, fields: list[tuple[str, str]], author: str) -> None:
    assert cell(tmp_path, "author", *fields) == author


@pytest.mark.parametrize(
    ("fields", "year"),
    [
        ([("008", "000101s1965    nyu           000 1 eng  ")], "1965"),
        ([("008", "000101s1965    nyu           000 1 eng  "), ("260", "  $cc1965.")], "1965"),
        # No book of 1873 has an ISBN: it is of the reprint.
        ([("008", "100816r18732010tnu           000 1 eng d")], "2010"),
        ([("008", "100816r20101873tnu           000 1 eng d")], "2010"),
        ([("008", "100816r1873uuuutnu           000 1 eng d"), ("260", "  $cc2010.")], "2010"),
        ([("008", "100816s1873    tnu           000 1 eng d"), ("264", " 1$c[1999]")], "1999"),
        ([("008", "100816r18731966tnu           000 1 eng d")], "1966"),
        ([("008", "100816r19661873tnu           000 1 eng d")], "1966"),
        ([("008", "100816s1873    tnu           000 1 eng d"), ("260", "  $c1873, reprinted 1973.")], "1973"),
        ([("008", "100816s1873    tnu           000 1 eng d"), ("260", "  $c[1873] 1999")], "1999"),
        ([("008", "100816m19559999tnu           000 1 eng d")], "1955"),
        ([("008", "100816r19672010tnu           000 1 eng d")], "1967"),
        ([("008", "000101s19uu    nyu           000 1 eng  "), ("260", "  $c[1965?]")], "1965"),
        ([("008", "000101nuuuuuuuunyu           000 1 eng  "), ("260", "  $c2001, c1999.")], "2001"),
        ([("008", "000101s        nyu           000 1 eng  "), ("264", " 4$c©1966"), ("264", " 1$c1965")], "1965"),
        ([("008", "000101s        nyu           000 1 eng  "), ("264", " 4$c©1966")], "1966"),
        ([("008", "short"), ("260", "  $c1965")], "1965"),
        ([("008", "000101s0000    nyu           000 1 eng  ")], ""),
        ([("008", "000101s19uu    nyu           000 1 eng  "), ("260", "  $c[19--]")], ""),
        ([("008", "000101s19uu    nyu           000 1 eng  "), ("260", "  $c[n.d.]")], ""),
        ([("008", "000101s20015   nyu           000 1 eng  ")], "2001"),
        ([("008", "000101s19uu    nyu           000 1 eng  "), ("260", "  $c20015")], "20015"),
    ],
)
def test_year(tmp_path: Path, fields: list[tuple[str, str]], year: str) -> None:
    """One that is not understood, "20015", is for the rule of years to tell."""
    assert cell(tmp_path, "year", *fields) == year


@pytest.mark.parametrize(
    ("code", "fields", "language"),
    [
        ("eng", [], "en"),
        ("ger", [], "de"),
        ("eng", [("041", "1 $afre")], "en"),
        ("   ", [("041", "1 $aengfre")], "en"),
        ("|||", [("041", "1 $aspa$heng")], "es"),
        ("und", [], ""),
        ("mul", [], ""),
        ("   ", [], ""),
        ("qqq", [], "qqq"),
    ],
)
def test_language(tmp_path: Path, code: str, fields: list[tuple[str, str]], language: str) -> None:
    """One that is not known, "qqq", is for the rule of languages to tell."""
    assert cell(tmp_path, "language", ("008", f"000101s1965    nyu           000 1 {code}  "), *fields) == language


@pytest.mark.parametrize(
    ("fields", "publisher"),
    [
        ([("260", "  $aNew York :$bA.A. Knopf,$c2000.")], "A.A. Knopf"),
        ([("260", "  $aLondon ;$aNew York :$bSage,$c2000.")], "Sage"),
        ([("260", "  $aMilwaukee, WI :$bGareth Stevens Pub.,$c2000.")], "Gareth Stevens Pub."),
        ([("264", " 2$bA distributor,"), ("264", " 1$bConkey Company,$c[1900]")], "Conkey Company"),
        ([("260", "  $aS.l. :$b[s.n.],$c2000.")], ""),
        ([], ""),
    ],
)
def test_publisher(tmp_path: Path, fields: list[tuple[str, str]], publisher: str) -> None:
    assert cell(tmp_path, "publisher", *fields) == publisher


@pytest.mark.parametrize(
    ("extent", "pages"),
    [
        ("xii, 345 p. ;", "345"),
        ("345 p.", "345"),
        ("345 pages :", "345"),
        ("[345] p.", "345"),
        ("[8], 200, [4] p.", "200"),
        ("2 p.l., 88 p.", "88"),
        ("345 p., [16] p. of plates :", "345"),
        ("2 v. (xx, 1234 p.) ;", "1234"),
        ("1 online resource (xii, 345 pages)", "345"),
        ("32 unnumbered pages", "32"),
        ("345 S.", "345"),
        ("2 v. ;", ""),
        ("1 v. (unpaged) :", ""),
        ("xii p.", ""),
        ("1 score (23 parts)", ""),
        ("1 " * 4000, ""),
    ],
)
def test_pages(tmp_path: Path, extent: str, pages: str) -> None:
    assert cell(tmp_path, "pages", ("300", f"  $a{extent}")) == pages


@pytest.mark.parametrize(
    ("fields", "titles"),
    [
        ([("240", "10$aPetit prince.$lEnglish")], "Petit prince"),
        ([("240", "10$aWorks.$kSelections")], ""),
        (
            [("246", "3 $aDer kleine Prinz"), ("246", "18$aPrince :$bthe little one")],
            "Der kleine Prinz | Prince: the little one",
        ),
        ([("240", "10$aPetit prince"), ("246", "3 $aThe | prince")], "Petit prince | The / prince"),
        ([], ""),
    ],
)
def test_other_titles(tmp_path: Path, fields: list[tuple[str, str]], titles: str) -> None:
    assert cell(tmp_path, "other_titles", *fields) == titles


@pytest.mark.parametrize(
    ("fields", "series"),
    [
        ([("490", "0 $aDune chronicles ;$vbk. 1")], "Dune chronicles #1"),
        ([("490", "0 $aPenguin classics")], "Penguin classics"),
        ([("490", "0 $aFolio ;$v12."), ("490", "0 $aDune ;$v1")], "Folio #12; Dune #1"),
        ([("490", "1 $aFolio ;$v12"), ("830", " 0$aCollection Folio ;$v12.")], "Collection Folio #12; Folio #12"),
        ([("830", " 0$aStudies.$nSeries B,$pHistory ;$v3")], "Studies. Series B, History #3"),
        ([("440", " 0$aDune ;$vv. 1.")], "Dune #1"),
        ([("800", "1 $aHerbert, Frank.$tDune chronicles ;$vbk. 1.")], "Dune chronicles #1"),
        ([("810", "2 $aRand Corporation.$tReport ;$vR-1")], "Report #R-1"),
        ([("490", "0 $aA ; B ;$v2")], "A, B #2"),
        ([("490", "0 $v2")], ""),
        ([], ""),
    ],
)
def test_series(tmp_path: Path, fields: list[tuple[str, str]], series: str) -> None:
    assert cell(tmp_path, "series", *fields) == series


def test_the_first_description_counts(tmp_path: Path) -> None:
    assert cell(tmp_path, "description", ("520", "  $aOne."), ("520", "  $aTwo.")) == "One."


@pytest.mark.parametrize(
    ("fields", "reason", "detail"),
    [
        ([("999", "  $aonly")], Reason.NO_TITLE, "it has no title (field 245)"),
        ([("010", "  $a  2001627090 ")], Reason.NO_TITLE, "lccn:2001627090 has no title (field 245)"),
        ([DUNE_020, DUNE_100], Reason.NO_TITLE, "isbn '0441172717' has no title (field 245)"),
        ([DUNE_020, ("245", "10$a /$cFrank Herbert.")], Reason.NO_TITLE, "isbn '0441172717' has no title (field 245)"),
    ],
)
def test_records_without_what_a_book_needs(
    tmp_path: Path, fields: list[tuple[str, str]], reason: Reason, detail: str
) -> None:
    read = read_file(tmp_path, marc(*DUNE) + marc(*fields) + marc(*DUNE))
    assert read.lines == [1, 3]
    [refusal] = read.refused
    assert (refusal.line, refusal.reason, refusal.detail) == (2, reason, detail)
    assert len(refusal.cells) == len(read.table.columns)


UNIMARC = (
    ("010", "  $a978-0-306-40615-7$d12 EUR"),
    ("100", "  $a19990101d1999    m  y0frey50      ba"),
    ("101", "0 $afre"),
    ("200", "1 $aUn titre$esous-titre$fAnn Auteur"),
    ("210", "  $aParis$cMaison$d1999"),
    ("215", "  $a300 p."),
    ("700", " 1$aAuteur$bAnn"),
)


def test_unimarc(tmp_path: Path) -> None:
    read = read_file(tmp_path, marc(*DUNE) + marc(*UNIMARC, coding=" "))
    assert read.records[1] == (
        "978-0-306-40615-7", "Un titre: sous-titre", "Ann Auteur", "1999", "Maison", "fr", "300", "", "", "", "", ""
    )  # fmt: skip
    assert read.remarks == ["Records in UNIMARC, read as such: 1 (the first is record 2)."]


@pytest.mark.parametrize(
    ("column", "field", "text"),
    [
        ("title", ("200", "1 $aL'été$dThe summer$eroman$h2$iLa fin"), "L'été = The summer: roman. 2. La fin"),
        ("title", ("200", "1 $aUn titre /$fx"), "Un titre"),
        ("title", ("200", "1 $aUn$aDeux"), "Un; Deux"),
        ("title", ("200", "1 $aUn titre [Texte imprimé]$eroman"), "Un titre: roman"),
        ("author", ("700", " 1$aHugo$bVictor$f1802-1885"), "Victor Hugo"),
        ("author", ("700", " 1$aHugo,$bVictor"), "Victor Hugo"),
        ("author", ("700", " |$aCamus$bAlbert$f1913-1960"), "Albert Camus"),
        ("author", ("700", "  $aSvevo, $bItalo"), "Italo Svevo"),
        ("author", ("700", " 0$aPlaton"), "Platon"),
        ("author", ("700", " 0$aJean-Paul$bII"), "Jean-Paul II"),
        ("author", ("700", " 0$aJean-Paul$dII$cpape"), "Jean-Paul II"),
        ("year", ("100", "  $a20100101d2008    m  y0frey50      ba"), "2008"),
        ("year", ("100", "  $a20100101duuuu    m  y0frey50      ba"), "1999"),
        ("year", ("100", "  $a20100101e18731998m  y0frey50      ba"), "1998"),
        ("year", ("100", "  $a20100101d1873    m  y0frey50      ba"), "1999"),
        ("language", ("101", "1 $aita$cfre"), "it"),
        ("publisher", ("210", "  $a[S.l.]$c[s.n.]$d1999"), ""),
        ("description", ("330", "  $aUn résumé."), "Un résumé."),
        ("series", ("225", "| $aFolio$v12"), "Folio #12"),
        ("series", ("225", "| $aQue sais-je ?"), "Que sais-je ?"),
        ("series", ("410", " 0$tFolio$v12"), "Folio #12"),
        ("other_titles", ("500", "10$aThe little prince"), "The little prince"),
        ("other_titles", ("517", "1 $aPrince$ele petit"), "Prince le petit"),
    ],
)
def test_fields_of_unimarc(tmp_path: Path, column: str, field: tuple[str, str], text: str) -> None:
    others = [other for other in UNIMARC if other[0] != field[0]]
    assert read_file(tmp_path, marc(*others, field, coding=" ")).column(column) == [text]


def test_authors_of_unimarc_without_700(tmp_path: Path) -> None:
    fields = UNIMARC[:-1]
    for others, author in (
        ([("701", " 1$aDeuxième$bAnne"), ("702", " 1$aDessin$bBen")], "Anne Deuxième"),
        ([("710", "02$aUnesco")], "Unesco"),
        ([("700", " 1$aTraductrice$bAnne$4730"), ("701", " 1$aDeuxième$bBen$4070")], "Ben Deuxième"),
        ([("700", " 1$aÉditeur$bAnne$4340")], "Anne Éditeur"),
        ([("702", " 1$aDessin$bBen")], "Ann Auteur"),
    ):
        [found] = read_file(tmp_path, marc(*fields, *others, coding=" ")).column("author")
        assert found == author


def test_statements_of_unimarc(tmp_path: Path) -> None:
    fields = [field for field in UNIMARC[:-1] if field[0] != "200"]
    title = ("200", "1 $aUn titre$fpar Anne Auteur ; traduit par Ben$gx")
    assert read_file(tmp_path, marc(*fields, title, coding=" ")).column("author") == ["Anne Auteur"]


ISO5426 = (
    ("200", b"1 $a\x88L'\x89\xc2et\xc2e \xc1a Fran\xd0cois : na\xc8if c\xfaur \xaa\xb9$fAnn"),
    ("700", b" 1$aG\xc2erard$bRen\xc2e"),
)


def test_unimarc_in_iso_5426(tmp_path: Path) -> None:
    others = [field for field in UNIMARC if field[0] not in ("200", "700")]
    read = read_file(tmp_path, marc(*others, *ISO5426, coding=" "))
    titles = [unicodedata.normalize("NFC", text) for text in read.column("title")]
    assert (titles, read.column("author")) == (["L'été à François: naïf cœur “’"], ["René Gérard"])
    assert read.remarks[0] == "Records in ISO 5426, read as such: 1 (the first is record 1)."


@pytest.mark.parametrize("title", [b"1 $aL'\xe9t\xe9", b"1 $a\xc9toile \xe9t\xe9", b"1 $aa \xff b", b"1 $aA\xc2 b"])
def test_unimarc_in_no_encoding(tmp_path: Path, title: bytes) -> None:
    others = [field for field in UNIMARC if field[0] != "200"]
    [refusal] = read_file(tmp_path, marc(*others, ("200", title), coding=" ")).refused
    assert refusal.detail == "its title can be read neither as UTF-8 nor as ISO 5426: export it in UTF-8"


@pytest.mark.every_input
@pytest.mark.parametrize(
    ("fields", "subjects"),
    [
        ([("650", " 0$aDogs$xTraining$zUnited States$y1900-1945$vHandbooks.")],
         "Dogs; Dogs — Training; United States; Handbooks;"),
        ([("650", " 0$aDogs$xFiction.")], "Dogs; Fiction;"),
        ([("600", "10$aShakespeare, William,$d1564-1616$xCriticism and interpretation$tHamlet.")],
         "William Shakespeare; William Shakespeare — Criticism and interpretation;"),
        ([("610", "20$aHerman Miller, Inc."), ("611", "20$aOlympic Games.")], "Herman Miller, Inc.; Olympic Games;"),
        ([("630", "00$aMishnah.$pAvot$vCommentaries.")], "Mishnah; Commentaries;"),
        ([("651", " 0$aGreat Britain$xHistory."), ("655", " 7$aFantasy; fiction.$2lcgft")],
         "Great Britain; Great Britain — History; Fantasy, fiction;"),
        ([("650", " 0$aDogs."), ("650", " 6$aChiens."), ("650", " 7$aHunde$2gnd"), ("650", " 2$aDogs, Animal"),
          ("650", " 7$aPets.$2fast")], "Dogs; Pets;"),
        ([("650", " 6$aChiens."), ("650", " 4$aHunde")], "Chiens; Hunde;"),
        ([("650", " 0$xTraining."), ("650", " 0")], ""),
        ([("653", "  $akeyword"), ("690", "  $alocal")], ""),
    ],
)  # fmt: skip
def test_subjects(tmp_path: Path, fields: list[tuple[str, str]], subjects: str) -> None:
    assert read_file(tmp_path, marc(*DUNE, *fields)).column("subjects") == [subjects]


def test_subjects_of_unimarc(tmp_path: Path) -> None:
    fields = [
        ("600", " |$aHugo$bVictor$f1802-1885$xCritique"),
        ("606", "  $aChiens$xDressage$yFrance$z1990-$jRoman$2rameau"),
        ("607", "  $aParis"),
    ]
    assert read_file(tmp_path, marc(*UNIMARC, *fields, coding=" ")).column("subjects") == [
        "Victor Hugo; Victor Hugo — Critique; Chiens; Chiens — Dressage; France; Roman; Paris;"
    ]


def test_damage_in_a_subject_leaves_the_title_alone(tmp_path: Path) -> None:
    """The leader says UTF-8, and so is the title; a subject is in MARC-8, or in nothing."""
    read = read_file(
        tmp_path, marc(("020", "  $a0441172717"), ("245", "10$aÉté"), ("650", b" 0$aV\xe5atsy\xff"), coding="a")
    )
    assert (read.column("title"), read.refused) == (["Été"], [])
    assert read.column("subjects") == ["V\udce5atsy\udcff;"]


def test_subjects_that_the_directory_is_wrong_about_are_left_out(tmp_path: Path) -> None:
    good = marc(*DUNE, ("650", " 0$aDogs"))
    at = good.index(b"650")
    broken = good[: at + 3] + b"9999" + good[at + 7 :]
    read = read_file(tmp_path, good + broken)
    assert (read.column("title"), read.refused) == (["Dune", "Dune"], [])
    assert read.column("subjects") == ["Dogs;", ""]


def test_unimarc_without_an_isbn(tmp_path: Path) -> None:
    own = [
        ("001", "FRBNF37209072"),
        ("020", "  $aFR$b00065367"),
        ("035", "  $a(OCoLC)495291567"),
        ("801", " 0$aFR$bFR-751131015"),
    ]
    read = read_file(tmp_path, marc(*UNIMARC[1:], *own, coding=" "))
    assert read.column("isbn") == [""]
    assert read.column("identifiers") == [
        "control:FR-751131015.FRBNF37209072 oclc:(OCoLC)495291567 national:FR.00065367"
    ]


@pytest.mark.parametrize(
    ("fields", "identifiers"),
    [
        ([("010", "  $a   00000018 ")], "lccn:00000018"),
        ([("001", "   00000018 "), ("003", "DLC"), ("010", "  $a   00000018 ")], "lccn:00000018"),
        ([("001", "   00000018 "), ("003", "DLC")], "control:DLC.00000018"),
        ([("001", "ocm00123456 "), ("003", "OCoLC")], "oclc:ocm00123456"),
        ([("001", "982374"), ("003", "DE-101")], "control:DE-101.982374"),
        ([("001", "982374")], ""),
        ([("035", "  $a(OCoLC)22962939"), ("035", "  $a(DE-599)DNB982374")], "oclc:(OCoLC)22962939"),
        ([("015", "  $aGBA1-48991")], "national:bnb.GBA1-48991"),
        ([("015", "  $a07,N21$2dnb")], "national:dnb.07,N21"),
        ([("015", "  $aC74-100061-X")], "national:C74-100061-X"),
        ([("016", "7 $a982374$2DE-101")], "national:DE-101.982374"),
        ([("016", "  $a740001234")], "national:lac.740001234"),
        ([("020", "  $z0441172717")], ""),
    ],
)
def test_identifiers(tmp_path: Path, fields: list[tuple[str, str]], identifiers: str) -> None:
    assert cell(tmp_path, "identifiers", *fields) == identifiers


ISBN = ("020", "  $a0441172717")
NUMBER = ("010", "  $a   65022547 ")
AN_EBOOK = ("008", "000101s1965    nyu        d  000 1 eng  ")


@pytest.mark.parametrize(
    ("kind", "fields", "said"),
    [
        ("cm", [ISBN], "notated music"),
        ("em", [NUMBER], "a map"),
        ("gm", [ISBN], "a film or video"),
        ("im", [NUMBER], "a sound recording"),
        ("jm", [ISBN], "a music recording"),
        ("km", [NUMBER], "a picture"),
        ("mm", [NUMBER], "a computer file"),
        ("om", [NUMBER], "a kit"),
        ("pc", [NUMBER], "a collection of materials"),
        ("rm", [NUMBER], "an object"),
        ("as", [NUMBER], "a serial"),
        ("ab", [NUMBER], "an article of a serial"),
        ("aa", [NUMBER], "a part of a book"),
        ("ai", [NUMBER], "a resource that is updated"),
    ],
)
def test_what_is_no_book_is_told(tmp_path: Path, kind: str, fields: list[tuple[str, str]], said: str) -> None:
    read = read_file(tmp_path, marc(DUNE_245, *fields, kind=kind) + marc(*DUNE))
    assert read.column("title") == ["Dune"]
    named = "isbn '0441172717'" if fields == [ISBN] else "lccn:65022547"
    [refusal] = read.refused
    assert (refusal.reason, refusal.detail) == (Reason.NO_BOOK, f"{named} is {said} ({kind!r} in its leader)")
    assert "Dune" in refusal.cells


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        ("am", [NUMBER]),  # a text
        ("tm", [NUMBER]),  # a manuscript
        ("ac", [NUMBER]),  # a collection of texts
        ("em", [ISBN]),  # an atlas
        ("im", [ISBN]),  # a book that is read
        ("mm", [ISBN]),
        ("mm", [NUMBER, AN_EBOOK]),
        ("om", [ISBN]),  # a book with a toy
        ("as", [ISBN]),  # a yearbook
        ("ai", [ISBN]),  # loose leaves
        ("  ", [NUMBER]),
        ("??", [NUMBER]),
    ],
)
def test_books_of_all_kinds_are_taken(tmp_path: Path, kind: str, fields: list[tuple[str, str]]) -> None:
    read = read_file(tmp_path, marc(DUNE_245, *fields, kind=kind))
    assert (read.column("title"), read.refused) == (["Dune"], [])


@pytest.mark.parametrize(
    ("kind", "said"), [("lm", ""), ("bm", ""), ("am", ""), ("mm", "multimedia"), ("jm", "a music recording")]
)
def test_kinds_of_unimarc(tmp_path: Path, kind: str, said: str) -> None:
    read = read_file(tmp_path, marc(*UNIMARC[1:], ("001", "FRBNF37209072"), coding=" ", kind=kind))
    assert [refusal.reason for refusal in read.refused] == [Reason.NO_BOOK] * bool(said)
    assert all(f" is {said} (" in refusal.detail for refusal in read.refused)


def test_kinds_of_marcxml(tmp_path: Path) -> None:
    records = [element(DUNE_245, NUMBER, kind=kind) for kind in ("am", "jm", "as")]
    records.append(element(DUNE_245, NUMBER).replace("00000nam a2200000 a 4500", "jm"))
    read = read_file(tmp_path, marcxml(*records))
    assert read.column("title") == ["Dune", "Dune"]
    assert [refusal.reason for refusal in read.refused] == [Reason.NO_BOOK, Reason.NO_BOOK]
