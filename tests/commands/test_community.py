"""`tocsin community`."""

from __future__ import annotations

import json

import pytest

from tests.commands.console import Console

CROSSED = '{"type":"Polygon","coordinates":[[[5.72,45.18],[5.725,45.185],[5.725,45.18],[5.72,45.185],[5.72,45.18]]]}'


def test_communities_are_listed_with_their_stable_keys(any_village: Console) -> None:
    first, second = any_village.json("community", "list")
    assert first == {
        "id": 1, "name": "Les Lilas", "town": "38185", "town_name": "Grenoble", "members": 1,
        "pending": 1, "mode": "team", "area_ha": 21.837,
    }  # fmt: skip
    assert second["members"] == 1
    assert "Les Roses" in any_village.ok("community", "list", "--town", "Grenoble")


def test_a_community_is_renamed_redrawn_and_removed(any_village: Console) -> None:
    any_village.ok("community", "rename", "les lilas", "Les Iris")
    any_village.ok("community", "boundary", "Les Roses", any_village.square(1))
    assert "has 1 members" in any_village.refused("community", "remove", "Les Roses")
    any_village.ok("community", "remove", "Les Roses", "--with-members")
    assert [one["name"] for one in any_village.json("community", "list")] == ["Les Iris"]
    assert any_village.json("member", "show", "Zoé Martin")["community"] is None


def test_members_left_outside_are_named_and_confirmed(village: Console) -> None:
    village.ok("member", "add", "--first-name", "Yan", "--last-name", "P", "--email", "y@m.example",
               "--address", "", "--lat", 45.1825, "--lon", 5.7275, "--community", "Les Lilas")  # fmt: skip
    smaller = village.file("smaller.geojson", json.dumps(json.loads(village.square(0).read_text())))
    said = village.refused("community", "boundary", "1", smaller)
    assert "to be confirmed (--confirm): 4" in said
    village.ok("community", "boundary", "1", smaller, "--confirm")
    assert "left" not in village.ok("community", "show", "1")


def test_a_boundary_that_leaves_most_outside_is_refused(village: Console) -> None:
    far = village.square(4)
    assert "at least half" in village.refused("community", "boundary", "1", far, "--confirm")


def test_communities_are_twinned_and_untwinned(any_village: Console) -> None:
    any_village.ok("community", "twin", "Les Lilas", 2)
    any_village.ok("community", "twin", 2, 1)
    assert any_village.json("community", "show", "1")["twins"] == ["Les Roses"]
    any_village.ok("community", "untwin", "1", "Les Roses")
    assert "not twinned" in any_village.refused("community", "untwin", 1, 2)
    assert "itself" in any_village.refused("community", "twin", 1, 1)


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (CROSSED, "crosses or touches itself at 5.722500, 45.182500"),
        ("{", "not GeoJSON"),
        ('{"type":"Point","coordinates":[5,45]}', "a Polygon is wanted"),
        ("[" * 300_000, "too big"),
        (None, "overlaps that of community 1 (Les Lilas)"),
    ],
)
def test_a_bad_boundary_is_one_line(village: Console, content: str | None, complaint: str) -> None:
    file = village.file("bad.geojson", content) if content else village.square(0)
    said = village.refused("community", "add", "Là", "--town", "38185", "--boundary", file)
    assert complaint in said
    assert len(village.json("community", "list")) == 2


def test_an_unknown_town_or_file_is_one_line(console: Console) -> None:
    add = ("community", "add", "Là", "--town", "69123", "--boundary")
    assert "tocsin town add 69123" in console.refused(*add, console.square())
    assert "No such file" in console.refused(*add, console.folder / "none.geojson")
    assert console.run("community", "add", "Là", "--town", "38185").exit_code == 2


def test_what_is_exported_is_imported_again(any_village: Console) -> None:
    file = any_village.folder / "out.geojson"
    any_village.ok("community", "export", file)
    assert any_village.ok("community", "export") == file.read_text()
    any_village.ok("community", "remove", 1, "--with-members")
    any_village.ok("community", "remove", 2, "--with-members")
    assert "2 communities added" in any_village.ok("community", "import", file)
    assert any_village.ok("community", "export") == file.read_text()
    assert any_village.json("member", "show", "Ana Martin")["community"] == "Les Lilas"


@pytest.mark.parametrize(("flags", "added"), [([], 1), (["--all-or-nothing"], 0)])
def test_bad_features_are_named_and_the_good_ones_go_in(
    any_village: Console, flags: list[str], added: int
) -> None:
    def feature(name: str, column: int) -> object:
        geometry = json.loads(any_village.square(column).read_text())
        properties = {"name": name, "town": "38185", "mode": "town"}
        return {"type": "Feature", "geometry": geometry, "properties": properties}

    features = [feature("Ici", 0), feature("Loin", 5), {"type": "Feature"}]
    document = json.dumps({"type": "FeatureCollection", "features": features})
    done = any_village.run("community", "import", any_village.file("in.geojson", document), *flags)
    assert done.exit_code == 1
    assert f"{added} communities added" in done.stdout
    lines = done.stderr.splitlines()
    assert lines[0].startswith("feature 1: the boundary overlaps")
    assert lines[1].startswith("feature 3: the feature has no properties")
    assert lines[2].startswith("tocsin: 2 of 3 communities were refused")
    assert len(any_village.json("community", "list")) == 2 + added


def test_a_community_chooses_what_becomes_of_held_alerts(any_village: Console) -> None:
    assert any_village.json("community", "show", "1")["after_hold"] == "release"
    assert "dropped" in any_village.ok("community", "hold", "Les Lilas", "drop")
    assert any_village.json("community", "show", "1")["after_hold"] == "drop"
    assert any_village.json("community", "show", "2")["after_hold"] == "release"
