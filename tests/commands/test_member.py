"""`tocsin member`."""

from __future__ import annotations

import json
import time

import pytest

from tests.commands.console import Console


def test_members_are_listed_with_their_stable_keys(any_village: Console) -> None:
    listed = any_village.json("member", "list")
    keys = ("id", "first_name", "last_name", "state", "community", "referent")
    assert [tuple(one[key] for key in keys) for one in listed] == [
        (1, "Ana", "Martin", "active", "Les Lilas", True),
        (2, "Bob", "Martin", "pending", "Les Lilas", False),
        (3, "Zoé", "Martin", "active", "Les Roses", False),
    ]
    assert len(any_village.json("member", "list", "--community", "Les Lilas")) == 2
    assert len(any_village.json("member", "list", "--state", "active")) == 2
    assert "Zoé" in any_village.ok("member", "list")


@pytest.mark.parametrize("named", ["2", "bob martin", "06 39 98 00 02", "+33639980002"])
def test_a_member_is_named_as_one_likes(village: Console, named: str) -> None:
    village.ok("member", "activate", named)
    assert village.json("member", "show", named)["state"] == "active"
    village.ok("member", "suspend", named)
    assert village.json("member", "show", "2")["state"] == "suspended"


def test_a_referent_is_made_and_unmade(village: Console) -> None:
    village.ok("member", "referent", 3)
    assert village.json("community", "show", "Les Roses")["referents"] == [3]
    village.ok("member", "referent", 3, "--off")
    assert village.json("member", "show", 3)["referent"] is False


def test_a_number_that_is_another_person_s_now_is_taken_off_unless_it_is_the_last(
    village: Console,
) -> None:
    who = ("--first-name", "Yan", "--last-name", "Petit", "--address", "x")
    village.ok("member", "add", *who, "--mobile", "06 39 98 00 09", "--landline", "01 99 00 00 09")
    village.ok("member", "drop-number", "yan petit", "mobile")
    row = village.json("member", "show", "yan petit")
    assert (row["mobile"] or "", row["landline"]) == ("", "+33199000009")
    village.refused("member", "drop-number", "yan petit", "landline")
    assert village.json("member", "show", "yan petit")["landline"] == "+33199000009"


GOOD = {
    "--first-name": "Yan", "--last-name": "Petit", "--address": "x", "--lat": "45.1825",
    "--lon": "5.7225", "--mobile": "06 39 98 00 09",
}  # fmt: skip


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ({"--mobile": "+447911123456"}, "--mobile: only French numbers"),
        ({"--mobile": "01 99 00 00 01"}, "--mobile: this is a landline"),
        ({"--landline": "06 39 98 00 08"}, "--landline: this is a mobile"),
        ({"--mobile": "06 39 98 00 01"}, "member 1 has this mobile"),
        ({"--mobile": ""}, "a mobile, a landline or an e-mail"),
        ({"--email": "nobody"}, "not an e-mail"),
        ({"--lat": "200"}, "not on Earth"),
        ({"--community": "Nulle part"}, "tocsin community list"),
        ({"--first-name": " "}, "first name"),
    ],
)
def test_a_bad_member_is_one_line(
    village: Console, options: dict[str, str], complaint: str
) -> None:
    flat = [word for pair in (GOOD | options).items() for word in pair]
    assert complaint in village.refused("member", "add", *flat)
    assert len(village.json("member", "list")) == 3


def test_the_team_puts_a_home_on_the_map(any_village: Console) -> None:
    rows = "first_name,last_name,mobile,address\nYan,Petit,06 39 98 00 10,Chemin Neuf\n"
    any_village.ok("member", "import", any_village.file("in.csv", rows))
    (asked,) = [one for one in any_village.json("request", "list") if one["first_name"] == "Yan"]
    assert (asked["placed"], asked["community"]) == (False, None)
    told = any_village.ok("member", "place", "Yan Petit", "--lat", 45.1825, "--lon", 5.7225)
    assert told.endswith("pending, Les Lilas\n")
    (asked,) = [one for one in any_village.json("request", "list") if one["first_name"] == "Yan"]
    assert (asked["placed"], asked["community"]) == (True, "Les Lilas")
    assert (asked["address"], asked["ref"] is None) == ("Chemin Neuf", False)
    flat = ("--lat", 200, "--lon", 5.7225)
    assert "not on Earth" in any_village.refused("member", "place", "Yan Petit", *flat)
    any_village.ok("member", "erase", 2)
    assert "closed" in any_village.refused("member", "place", 2, "--lat", 45.1, "--lon", 5.7)


def test_a_name_of_several_asks_for_the_id(village: Console) -> None:
    flat = [word for pair in (GOOD | {"--first-name": "Ana", "--last-name": "Martin"}).items()
            for word in pair]  # fmt: skip
    village.ok("member", "add", *flat)
    assert "one of 1, 4" in village.refused("member", "show", "Ana Martin")
    assert "tocsin member list" in village.refused("member", "show", "99")


def test_a_member_is_exported_and_erased(any_village: Console) -> None:
    held = json.loads(any_village.ok("member", "export-data", 1))
    assert held["member"]["mobile"] == "+33639980001"
    any_village.ok("member", "erase", 1)
    any_village.ok("member", "remove", "Bob Martin")
    assert [one["id"] for one in any_village.json("member", "list")] == [3]
    assert "closed" in any_village.refused("member", "activate", 1)
    assert "39980001" not in any_village.ok("member", "export-data", 1)


ROWS = "first_name;last_name;mobile;lat;lon;active\nYan;Petit;06 39 98 00 10;45,1825;5,7225;oui\n"


def test_members_are_imported_and_join(village: Console) -> None:
    assert "1 members added" in village.ok("member", "import", village.file("in.csv", ROWS))
    shown = village.json("member", "show", "Yan Petit")
    assert (shown["community"], shown["state"]) == ("Les Lilas", "active")


@pytest.mark.parametrize(("flags", "added"), [([], 1), (["--all-or-nothing"], 0)])
def test_bad_rows_are_named_by_their_line(
    any_village: Console, flags: list[str], added: int
) -> None:
    rows = "Bad;Row;+447911123456;;;\nAna;Encore;0639980001;;;\n"
    done = any_village.run("member", "import", any_village.file("in.csv", ROWS + rows), *flags)
    assert done.exit_code == 1
    assert f"{added} members added" in done.stdout
    assert len(any_village.json("member", "list")) == 3 + added
    lines = done.stderr.splitlines()
    assert lines[0] == "line 3: mobile: only French numbers can be used, overseas included"
    assert lines[1] == "line 4: mobile: member 1 has it already"
    assert lines[-1].startswith("tocsin: ")


@pytest.mark.parametrize("reach", [";;odette@voisins.example", ";0199000007;"])
def test_a_file_read_twice_makes_nobody_twice(village: Console, reach: str) -> None:
    """A household shares an e-mail or a landline; the name tells its people apart."""
    header = "first_name;last_name;mobile;landline;email\n"
    file = village.file("in.csv", f"{header}Odette;Seule;{reach}\nRené;Seule;{reach}\n")
    village.ok("member", "import", file)
    done = village.run("member", "import", file)
    assert "0 members added" in done.stdout
    assert "has this name and address already" in done.stderr.splitlines()[0]
    doubled = village.file("in.csv", f"{header}Zoé;Autre;{reach}\nzoé;autre;{reach}\n")
    assert "line 3: the same person as on line 2" in village.run("member", "import", doubled).stderr


def test_a_taken_mobile_alone_stops_all_or_nothing(village: Console) -> None:
    file = village.file("in.csv", ROWS + "Ana;Encore;0639980001;;;\n")
    done = village.run("member", "import", file, "--all-or-nothing")
    assert "line 3: mobile: member 1 has it already" in done.stderr
    assert len(village.json("member", "list")) == 3


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"first_name,last_name\nZo\xe9,M\n", "line 2: not UTF-8"),
        (b"name,phone\n", "unknown column 'name'"),
        (b"", "missing column"),
    ],
)
def test_a_file_that_cannot_be_read_is_one_line(
    console: Console, content: bytes, complaint: str
) -> None:
    assert complaint in console.refused("member", "import", console.file("in.csv", content))


def test_a_piped_import_shows_no_bar(village: Console) -> None:
    done = village.run("member", "import", village.file("in.csv", ROWS))
    assert (done.exit_code, done.stderr) == (0, "")


def test_what_is_exported_is_imported_again(any_village: Console) -> None:
    file = any_village.folder / "out.csv"
    any_village.ok("member", "export", file)
    before = any_village.json("member", "list")
    for n in (1, 2, 3):
        any_village.ok("member", "erase", n)
    any_village.ok("member", "import", file)
    after = any_village.json("member", "list")
    for row in before + after:
        del row["id"], row["created_at"]
    assert after == before


def test_ten_thousand_members_are_listed_in_seconds(console: Console) -> None:
    rows = "\n".join(f"A,B{n},+3363998{n:04}" for n in range(10_000))
    console.ok("member", "import", console.file("in.csv", f"first_name,last_name,mobile\n{rows}"))
    started = time.perf_counter()
    assert len(console.json("member", "list")) == 10_000
    assert time.perf_counter() - started < 10  # about 1 s on an idle machine


def test_escape_sequences_of_residents_reach_no_terminal(village: Console) -> None:
    flat = [word for pair in (GOOD | {"--first-name": "\x1b[31mRed"}).items() for word in pair]
    village.ok("member", "add", *flat)
    assert "\x1b" not in village.ok("member", "list")
    assert "[31mRed" in village.ok("member", "list")
