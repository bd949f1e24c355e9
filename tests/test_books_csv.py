"""The books.csv that is shipped, and the script that chose it."""

import csv
import gzip
import re
import sys
import unicodedata
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from stdnum import isbn as isbns

from flyleaf.importing.cleaning.languages import language_code
from scripts import catalogue_cleaning, choose_books, name_lists, shelves

ROOT = Path(__file__).parent.parent
BOOKS = ROOT / "books.csv"
COLUMNS = ["isbn", "title", "author", "year", "language", "series"]

# Every good record of those whom visitors try first, and their well-known works; a handful of the many others.
AT_LEAST = {
    "William Shakespeare": 50,
    "Charles Dickens": 14,
    "Mark Twain": 11,
    "Jorge Luis Borges": 14,
    "Jane Austen": 7,
    "Gabriel García Márquez": 13,
    "George Orwell": 7,
    "Stephen King": 11,
    "J. K. Rowling": 7,
    "Machado de Assis": 5,
    "Anton Chekhov": 9,
    "Johann Wolfgang von Goethe": 9,
    "Laura Ingalls Wilder": 9,
    "C. S. Lewis": 8,
    "Leo Tolstoy": 7,
    "Oscar Wilde": 6,
    "Plato": 5,
    "José Saramago": 5,
    "Pablo Neruda": 4,
    "Fyodor Dostoyevsky": 4,
    "Miguel de Cervantes": 4,
    "Charles Darwin": 3,
    "Homer": 2,
    "Virginia Woolf": 2,
    "Franz Kafka": 2,
    "Agatha Christie": 2,
    "Isabel Allende": 2,
    "Mario Vargas Llosa": 2,
    "Haruki Murakami": 2,
    "Dr. Seuss": 2,
    "Roald Dahl": 2,
    "Fernando Pessoa": 1,
    "Toni Morrison": 1,
    "Chinua Achebe": 1,
}


KINDS_OF_SOURCES = {
    "library catalogue",
    "ratings data",
    "course list",
    "public lists",
    "library inventory",
    "bibliographies",
}


def read_lines() -> list[list[str]]:
    with BOOKS.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


def read_works() -> list[dict[str, str]]:
    with (ROOT / "scripts/known_works.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


LINES = read_lines()
ROWS = [dict(zip(COLUMNS, line, strict=True)) for line in LINES[1:]]


def folded(text: str) -> str:
    """As readers compare: without accents, case and punctuation."""
    letters = unicodedata.normalize("NFKD", text.casefold())
    return " ".join(re.findall(r"[^\W_]+", "".join(c for c in letters if not unicodedata.combining(c))))


def those(is_wrong: Callable[[dict[str, str]], object]) -> list[dict[str, str]]:
    return [row for row in ROWS if is_wrong(row)]


class TestFile:
    def test_header(self) -> None:
        assert LINES[0] == COLUMNS

    def test_number_of_books(self) -> None:
        assert 9_500 <= len(ROWS) <= 10_500

    def test_documentation_tells_the_same_numbers(self) -> None:
        words = (ROOT / "docs/books.md").read_text(encoding="utf-8")
        assert f"{len(ROWS):,} real books" in words
        assert f"{len({row['author'] for row in ROWS}):,} authors" in words

    def test_bytes(self) -> None:
        data = BOOKS.read_bytes()
        assert not data.startswith(b"\xef\xbb\xbf")
        assert b"\r" not in data
        assert data.endswith(b"\n")

    def test_order_is_by_author_then_title(self) -> None:
        keys = [(catalogue_cleaning.plain(row["author"]), catalogue_cleaning.plain(row["title"])) for row in ROWS]
        assert keys == sorted(keys)


class TestKnownWorks:
    WORKS = read_works()

    def test_each_is_in_the_file_as_the_list_has_it(self) -> None:
        rows = {row["isbn"]: row for row in ROWS}
        assert [work for work in self.WORKS if {**rows.get(work["isbn"], {}), "checked": work["checked"]} != work] == []

    def test_there_are_hundreds(self) -> None:
        assert len(self.WORKS) >= 600

    def test_each_was_checked_against_a_source_that_is_named(self) -> None:
        assert {kind for work in self.WORKS for kind in work["checked"].split("; ")} <= KINDS_OF_SOURCES

    def test_documentation_tells_their_number(self) -> None:
        assert f"{len(self.WORKS):,} well-known works" in (ROOT / "docs/books.md").read_text(encoding="utf-8")


class TestAuthors:
    @pytest.mark.parametrize(("author", "count"), AT_LEAST.items())
    def test_is_there_to_be_found(self, author: str, count: int) -> None:
        assert sum(row["author"] == author for row in ROWS) >= count

    def test_no_author_floods_the_list(self) -> None:
        known = {author.name for author in name_lists.read_known_authors(ROOT / "scripts/known_authors.txt").values()}
        works = Counter(row["author"] for row in ROWS if row["author"] not in known)
        assert max(works.values()) <= 5

    def test_names_are_as_readers_write_them(self) -> None:
        assert those(lambda row: re.search(r"[\d,;:/()\[\]]|^[\W_]|[^\w.]$", row["author"])) == []
        assert those(lambda row: row["author"][0].islower() and row["author"] != "bell hooks") == []

    def test_one_name_is_written_in_one_way(self) -> None:
        assert len({row["author"] for row in ROWS}) == len({folded(row["author"]) for row in ROWS})


class TestTitles:
    def test_no_catalogue_punctuation_at_the_ends(self) -> None:
        assert those(lambda row: re.search(r"[,:;/=\[\]–-]$|^[,:;/=)\]]", row["title"])) == []

    def test_full_stop_only_after_an_abbreviation_or_ellipsis(self) -> None:
        ends = {row["title"].split()[-1] for row in ROWS if row["title"].endswith(".")}
        assert {end for end in ends if not re.search(r"(\.\.\.|\b\w\.|(Jr|Esq|etc|Co|Inc|Dr|St)\.)$", end)} == set()

    def test_nothing_that_cataloguers_add(self) -> None:
        assert those(lambda row: re.search(r"[\[\]<>|\\]| / | = | ; |--|\bc(?:19|20)\d\d\b", row["title"])) == []

    def test_no_marks_of_romanisation(self) -> None:
        strange = re.compile("[\u02b0-\u036f\u1e00-\u1eff\ufe20-\ufe2f]")
        assert those(lambda row: strange.search(row["title"] + row["author"])) == []

    def test_pairs_are_whole(self) -> None:
        assert those(lambda row: row["title"].count("(") != row["title"].count(")")) == []
        assert those(lambda row: row["title"].count('"') % 2) == []

    def test_length(self) -> None:
        assert those(lambda row: not row["title"] or len(row["title"]) > 150) == []

    def test_no_proceedings_and_reports(self) -> None:
        dull = re.compile(r"\b(proceedings|workshop|annual report|census|genealogy|directory)\b", re.IGNORECASE)
        assert those(lambda row: dull.search(row["title"])) == []


class TestText:
    def test_letters_outside_ascii(self) -> None:
        assert len(those(lambda row: not (row["title"] + row["author"]).isascii())) >= 1_500

    @pytest.mark.parametrize("column", COLUMNS)
    def test_white_space(self, column: str) -> None:
        assert those(lambda row: row[column] != " ".join(row[column].split())) == []

    @pytest.mark.parametrize("column", COLUMNS)
    def test_normal_form_without_control_characters(self, column: str) -> None:
        assert those(lambda row: not unicodedata.is_normalized("NFC", row[column])) == []
        assert those(lambda row: any(unicodedata.category(c)[0] == "C" for c in row[column])) == []

    def test_years(self) -> None:
        assert those(lambda row: not re.fullmatch(r"\d{4}", row["year"])) == []
        assert those(lambda row: not 1450 <= int(row["year"]) <= 2026) == []

    def test_languages_are_codes_that_the_importer_knows(self) -> None:
        assert those(lambda row: language_code(row["language"]) is None) == []

    def test_a_number_in_a_series_follows_its_name(self) -> None:
        series = {row["series"] for row in ROWS if row["series"]}
        assert {name for name in series if not re.fullmatch(r"[^#]*\w( #\d+)?", name)} == set()
        assert len(series) >= 50


class TestOneOfEach:
    def test_check_digits(self) -> None:
        assert those(lambda row: not isbns.is_valid(row["isbn"])) == []

    def test_isbn_in_either_form(self) -> None:
        counts = Counter(isbns.to_isbn13(row["isbn"]) for row in ROWS)
        assert [isbn for isbn, count in counts.items() if count > 1] == []

    def test_title_and_author_in_one_language(self) -> None:
        counts = Counter((folded(row["title"]), folded(row["author"]), row["language"]) for row in ROWS)
        assert [work for work, count in counts.items() if count > 1] == []


class TestCleaning:
    @pytest.mark.parametrize(
        ("raw", "clean"),
        [
            ("Anonymous Rex: a detective story / Eric Garcia", "Anonymous Rex: a detective story"),
            ("El puente = The bridge", "El puente"),
            ("Tough luck:", "Tough luck"),
            ("A history of St. Albans :", "A history of St. Albans"),
            ("Le vent des mirages: : roman", "Le vent des mirages: roman"),
            ("The men's career book.", "The men's career book"),
            ("Martin Luther King, Jr.", "Martin Luther King, Jr."),
            ("Washington, D.C.", "Washington, D.C."),
            ("Love, etc.", "Love, etc."),
            ("The ants came marching...", "The ants came marching..."),
            ("Christmas is ...", "Christmas is"),
            ("What if -- : and why", "What if...: and why"),
            ("Lenin--a biography", "Lenin—a biography"),
            ("Stuart Little [electronic resource]", "Stuart Little"),
            ("Maire: [a novel]", "Maire"),
            ("The people[']s hero", "The people's hero"),
            ("Misteaks [sic] and how to find them", "Misteaks and how to find them"),
            ("Frankenstein, or, The modern Prometheus", "Frankenstein, or The modern Prometheus"),
            ("I, Claudius ; and, Claudius the god", "I, Claudius; and Claudius the god"),
            ("Three major plays / translated by Carl Mueller", "Three major plays"),
            ("Three major plays ; translated by Carl Mueller", "Three major plays"),
            ("Dom  dziennyi", "Dom dziennyi"),
            ("Bolʹshai︠a︡ kniga intervʹi︠u︡", "Bolshaia kniga interviu"),
            ("T︠S︡arʹ i revoli︠u︡t︠s︡ii︠a︡", "Tsar i revoliutsiia"),
            ("O dia das calc̦as roladas", "O dia das calças roladas"),
            ("Garcia Ma\u0301rquez", "Garcia Márquez"),
        ],
    )
    def test_title(self, raw: str, clean: str) -> None:
        assert catalogue_cleaning.clean_title(raw) == clean

    @pytest.mark.parametrize(
        ("raw", "clean"),
        [
            ("Dónde está Max?", "¿Dónde está Max?"),
            ("?Quién mató a Manuel García?", "¿Quién mató a Manuel García?"),
            ("!Ay, Carmela! ; El lector por horas", "¡Ay, Carmela!; El lector por horas"),
            ('"La Nación" condenada: Por qué?', '"La Nación" condenada: ¿Por qué?'),
            ("¿Cómo dijo? Argucias", "¿Cómo dijo? Argucias"),
        ],
    )
    def test_spanish_opening_marks(self, raw: str, clean: str) -> None:
        assert catalogue_cleaning.clean_title(raw, "spa") == clean

    @pytest.mark.parametrize(
        "raw",
        [
            "Muḥammad's people",
            "Ko̜ng thap",
            'The "best of both',
            "The best (of both",
            "[Iz Moskvy",
            "...",
            "Necroscope. with notes",
            "Word " * 40,
        ],
    )
    def test_title_without_safe_repair(self, raw: str) -> None:
        assert catalogue_cleaning.clean_title(raw) is None

    def test_long_title_is_cut_at_a_subtitle(self) -> None:
        assert (
            catalogue_cleaning.clean_title("Moby Dick: or the whale: " + "being a long account " * 10)
            == "Moby Dick: or the whale"
        )

    @pytest.mark.parametrize(
        ("raw", "clean"),
        [
            ("Stephen King, 1947-", "Stephen King"),
            ("Stephen King, 1947-.", "Stephen King"),
            ("Luís de Camões, 1524?-1580", "Luís de Camões"),
            ("J. R. R. Tolkien", "J. R. R. Tolkien"),
            ("Henry Louis Gates Jr.", "Henry Louis Gates Jr."),
            ("Saran Bunyaprasert.", "Saran Bunyaprasert"),
            ("Johanna (Maheshvari) Mosca", "Johanna Mosca"),
            ("Sergeĭ T︠S︡vetkov", "Sergei Tsvetkov"),
            ("Rashīd Ḍaʻīf", None),
            ("Bolton, William, J.", None),
            ("/", None),
        ],
    )
    def test_name(self, raw: str, clean: str | None) -> None:
        assert catalogue_cleaning.clean_name(raw) == clean

    @pytest.mark.parametrize(
        ("isbn", "thirteen"),
        [
            ("0306406152", "9780306406157"),
            ("080442957X", "9780804429573"),
            ("978-0-306-40615-7", "9780306406157"),
            ("0306406153", None),
            ("9780306406158", None),
            ("030640615", None),
        ],
    )
    def test_isbn(self, isbn: str, thirteen: str | None) -> None:
        assert catalogue_cleaning.isbn_13(isbn) == thirteen

    def test_plain(self) -> None:
        assert (
            catalogue_cleaning.plain("Gabriel García-Márquez & Søren O'Brien!") == "gabriel garcia marquez soren obrien"
        )


class TestShelves:
    @pytest.mark.parametrize(
        ("lcc", "shelf"),
        [
            ("PS3561.I483", "literature"),
            ("MLCS 2000/01517 (P)", "literature"),
            ("PZ7.R737", "children"),
            ("PZ3.S643", "literature"),
            ("DS882", "history"),
            ("BF311", "ideas"),
            ("QB54", "science"),
            ("ND553.P5", "arts"),
            ("TX715", "home"),
            ("KF4568", ""),
            ("QA76.73", ""),
            ("CPB Box no. 1663 vol. 19", ""),
        ],
    )
    def test_shelf(self, lcc: str, shelf: str) -> None:
        assert shelves.shelf_of(lcc) == shelf

    @pytest.mark.parametrize(
        ("lcc", "author", "own"),
        [
            ("PS3561.I483", "Stephen King", True),
            ("PS3561.I483", "Harold Bloom", False),
            ("PR6029.R8", "George Orwell", True),
            ("PQ8180.17.A73", "Gabriel García Márquez", True),
            ("PQ9697.M18", "Alfredo Bosi", False),
            ("PT2673.E3723", "Thomas Lehr", False),
            ("PQ2518", "Kristof Haavik", False),
        ],
    )
    def test_own_work(self, lcc: str, author: str, own: bool) -> None:
        assert shelves.writes_own_work(lcc, author) is own


class TestChoice:
    RAW = (
        ("0439139597", "Harry Potter and the goblet of fire /", "J. K. Rowling", "2000", "Levine", "eng", "PZ7.R79835"),
        (
            "0786229276",
            "Harry Potter and the goblet of fire",
            "J. K. Rowling",
            "2000",
            "Thorndike",
            "eng",
            "PZ7.R79835",
        ),
        ("0385720815", "On bullfighting", "A. L. Kennedy", "2001", "Anchor Books", "eng", "GV1107"),
        ("0819437255", "Evolutionary computation", "David B. Fogel", "2000", "SPIE Press", "eng", "TK5102.9"),
        ("0385720816", "Wrong digit", "A. L. Kennedy", "2001", "Anchor Books", "eng", "GV1107"),
        ("0743212371", "Papers of the third workshop", "Ann Writer", "2001", "Knopf", "eng", "BF311"),
    )

    WORKS = (
        "title,author,year,language,series,isbn,checked\n"
        "Harry Potter and the Goblet of Fire,J. K. Rowling,2000,eng,Harry Potter #4,0786229276,library catalogue\n"
    )

    @pytest.fixture
    def raw(self, tmp_path: Path) -> Path:
        path = tmp_path / "raw.csv.gz"
        with gzip.open(path, "wt", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["isbn", "title", "author", "year", "publisher", "language", "lcc"])
            writer.writerows(self.RAW)
        return path

    def test_writes_what_the_public_looks_for(self, raw: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        assert self.chosen(raw, self.WORKS.splitlines()[0], tmp_path, monkeypatch) == (
            "isbn,title,author,year,language,series\n"
            "0385720815,On bullfighting,A. L. Kennedy,2001,eng,\n"
            "0439139597,Harry Potter and the goblet of fire,J. K. Rowling,2000,eng,\n"
        )

    def test_a_known_work_goes_before_records_of_it(
        self, raw: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        assert self.chosen(raw, self.WORKS, tmp_path, monkeypatch) == (
            "isbn,title,author,year,language,series\n"
            "0385720815,On bullfighting,A. L. Kennedy,2001,eng,\n"
            "0786229276,Harry Potter and the Goblet of Fire,J. K. Rowling,2000,eng,Harry Potter #4\n"
        )

    def chosen(self, raw: Path, works: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
        out, known_works = tmp_path / "books.csv", tmp_path / "known_works.csv"
        known_works.write_text(works, encoding="utf-8")
        monkeypatch.setattr(choose_books, "KNOWN_WORKS", known_works)
        monkeypatch.setattr(sys, "argv", ["choose_books.py", str(raw), str(out)])
        choose_books.main()
        return out.read_text(encoding="utf-8")

    def test_needs_two_files(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(sys, "argv", ["choose_books.py"])
        with pytest.raises(SystemExit, match="Usage"):
            choose_books.main()
