"""Everything that a reader has brought can be taken along, and brought again."""

import io
import json
import re
import zipfile

import pytest

from tests.fixture_types import AddBook, Select, Visit
from tests.places import eventually
from tests.site import PASSWORD, Site
from tests.uploads import DUNE, HEADER, STATE, brought, press, upload


@pytest.mark.parametrize("name", ["flyleaf.zip", "flyleaf.json", "reading-history.csv"])
def test_the_round_trip(alice: Site, visit: Visit, dune: str, add_book: AddBook, select: Select, name: str) -> None:
    """Export everything, delete the account, register, bring the archive or one of its files: all is as it was."""
    add_book("9780141439587", "Emma", "Jane Austen")
    add_book(None, "=Formula", "Cell, The", identifiers=("flyleaf:0123456789abcdef",))
    rows = (
        '"",Emma,Jane Austen,,9780141439587,2.25,,2021/05/05,"a, b",to-read,,\n'
        '"",=Formula,The Cell,,,4.5,2020/01/02,,,did-not-finish,"=1+1<br/><br/><spoiler>&lt;b&gt;</spoiler>",-note\n'
        '"",Lost,Some Body,,,3,2019/01/01,2018/01/01,lent,currently-reading,Gone.,\n'
    )
    press(alice, brought(alice, HEADER + DUNE + rows), "commit", private="1")
    more = "title,author,status,dates read,read count\n"
    more += 'Emma,Jane Austen,paused,"2021/05-2021/06, 2019, 2018/01/02-",6\nLost,Some Body,,"?, ?",\n'
    press(alice, brought(alice, more), "commit")
    assert select("SELECT count(*) FROM readings WHERE coalesce(started_on, finished_on) IS NULL") == 4
    alice.submit(f"/books/{dune}/review/edit", rating="4", text="Sand & <b>\n||worms||", written_in="pt")
    assert select("SELECT language FROM reviews WHERE rating = 4 AND NOT is_private") == "pt"
    state = re.sub(r",\s*r\.edited_at", "", STATE).replace("added_at)", "CAST(added_at AS date))")
    before = select(state)
    archive = alice.get("/account/export.zip")
    assert archive.mimetype == "application/zip"
    with zipfile.ZipFile(io.BytesIO(archive.data)) as members:
        kept = json.loads(members.read("flyleaf.json"))
        file = archive.data if name == "flyleaf.zip" else members.read(name)
    assert [len(kept[name]) for name in ("reviews", "shelved_books", "imports")] == [3, 4, 2]
    alice.submit("/account/delete", reviews="delete", password=PASSWORD)
    # The account goes in the background, which then takes steps of uploads, too.
    assert eventually(lambda: select("SELECT count(*) FROM departures") == 0)
    assert select("SELECT count(*) FROM shelved_books") == 0
    again = visit().registered("Alice")
    for _ in range(2):
        answer = upload(again, file, name)
        assert answer.status_code == 303, answer.text
        assert eventually(lambda: select("SELECT bool_and(state <> 'matching') FROM uploads"))
        press(again, answer.location, "commit")
        assert eventually(lambda: select("SELECT bool_and(state <> 'writing') FROM uploads"))
        assert select(state) == before


def test_what_was_not_written_is_in_the_download_too(
    alice: Site, bob: Site, dune: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Reviews and notes of rows that are undecided, left out or not readable are kept nowhere else."""
    monkeypatch.setattr("flyleaf.views.own_data.AT_ONCE", 2)
    rows = '2,Dunne,Frank Herbert,,,4,,,,read,"Near.",a note\n3,,Nobody,,,4,,,,read,,\n'
    pages = [brought(alice, HEADER + DUNE + rows), brought(alice, HEADER + DUNE)]
    alice.submit(pages[0], f"{pages[0]}/rows", **{"row-1": "leave-out"})
    kept = alice.get("/account/data").get_json()["import_rows"]
    second, first = (int(page.rpartition("/")[2]) for page in pages[::-1])
    assert [(row["import_id"], row["n"]) for row in kept] == [(second, 1), (first, 1), (first, 2), (first, 3)]
    assert [row["decision"] for row in kept] == ["write", "leave-out", None, "leave-out"]
    assert [kept[1]["said"]["review"], kept[2]["said"]["notes"]] == ["Sand.\nWorms.", "a note"]
    assert kept[3]["refused_because"]
    assert bob.get("/account/data").get_json()["import_rows"] == []
