"""Members in and out as CSV, communities as GeoJSON."""

from __future__ import annotations

import csv
import io
import json
import time
from collections.abc import Sequence

import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from sqlmodel import Session, col, func, select

from community_store import communities, communities_geojson, members_csv, membership
from community_store.errors import RuleError
from community_store.members_csv import BadRow, Importer, Row
from community_store.membership import NewMember
from community_store.models import Community, Member
from community_store.store import Store
from tests.community_store.ground import GEO, community, member, middle, square, town

pytestmark = pytest.mark.both


def number(text: str, mobile: bool) -> str:
    """A stand-in for gateway.numbers: only +33639... and +33199... are numbers."""
    digits = text.replace(" ", "")
    if not digits.startswith("+336" if mobile else "+331"):
        raise ValueError("only French numbers can be used")
    return digits


def read(text: str) -> tuple[list[Row], list[BadRow]]:
    rows = list(members_csv.read(text, number))
    good = [row for row in rows if isinstance(row, Row)]
    return good, [row for row in rows if isinstance(row, BadRow)]


def load(session: Session, text: str) -> list[BadRow]:
    good, bad = read(text)
    return bad + Importer().write(session, good)


FULL = """first_name,last_name,mobile,landline,email,address,lat,lon,community,active,referent,hide_mobile,hide_landline,pseudonym,language
Ana,Martin,+33 639 98 00 01,+33199000001,Ana@Mail.example,"12 rue des Lilas, Grenoble",45.1825,5.7225,,yes,no,oui,non,Mésange bleue,en
"""


def test_every_column_is_read(store: Store) -> None:
    with store.begin() as session:
        home = community(session)
        assert load(session, FULL) == []
        ana = session.exec(select(Member)).one()
    read_from = {*members_csv.COLUMNS, "community_id", "state"}  # the rest is the member's own
    assert ana.model_dump(include=read_from) == {
        "first_name": "Ana", "last_name": "Martin", "mobile": "+33639980001",
        "landline": "+33199000001", "email": "ana@mail.example",
        "address": "12 rue des Lilas, Grenoble", "lat": 45.1825, "lon": 5.7225,
        "community_id": home.id, "state": "active", "referent": False, "hide_mobile": True,
        "hide_landline": False, "pseudonym": "Mésange bleue", "language": "en",
    }  # fmt: skip


@pytest.mark.parametrize(
    "text",
    [
        "first_name,last_name,mobile\nAna,Martin,+33639980001\n",
        "\ufefffirst_name;last_name;mobile\r\nAna;Martin;+33639980001\r\n",
        "mobile;LAST_NAME; first_name\n+33639980001;Martin;Ana",
        "first_name,last_name,mobile,lat\n\n,,,\nAna,Martin,'+33639980001\n",
        'first_name;last_name;mobile;lat;lon\nAna;Martin;+33639980001;45,18;"5,72"\n',
    ],
    ids=["plain", "excel", "any order", "blank lines, escaped", "decimal comma"],
)
def test_forms_that_spreadsheets_write(text: str) -> None:
    good, bad = read(text)
    assert bad == []
    assert [(row.new.first_name, row.new.mobile) for row in good] == [("Ana", "+33639980001")]


@pytest.mark.parametrize(
    ("header", "complaint"),
    [
        ("", "missing column 'first_name', 'last_name'"),
        ("first_name,mobile", "missing column 'last_name'"),
        ("first_name,last_name,phone", "unknown column 'phone'"),
        ("first_name,last_name,mobile,mobile", "doubled column 'mobile'"),
        ("first_name\tlast_name", "unknown column"),
    ],
)
def test_a_wrong_header_is_named(header: str, complaint: str) -> None:
    with pytest.raises(RuleError, match=complaint):
        members_csv.read(f"{header}\nAna,Martin,x\n", number)


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("Ana,,+33639980001,,,", "last name"),
        ("Ana,Martin,,,,", "a mobile, a landline or an e-mail"),
        ("Ana,Martin,+447911123456,,,", "mobile: only French"),
        ("Ana,Martin,+33639980001,north,5,", "lat: not a number"),
        ("Ana,Martin,+33639980001,inf,5,", "lat: not a number"),
        ("Ana,Martin,+33639980001,45,,", "both lat and lon"),
        ("Ana,Martin,+33639980001,,,perhaps", "active: yes or no"),
        ("Ana,Martin,+33639980001,,,yes,more", "7 values for 6 columns"),
        ('Ana,"Mar"tin,+33639980001,,,', "not CSV"),
    ],
)
def test_a_bad_row_is_named_and_the_good_ones_go_in(
    sqlite_store: Store, row: str, reason: str
) -> None:
    text = f"first_name,last_name,mobile,lat,lon,active\nBob,Durand,+33639980002,,,no\n{row}\nZoé,Petit,+33639980003,,,\n"
    with sqlite_store.begin() as session:
        bad = load(session, text)
        names = session.exec(select(Member.first_name).order_by(col(Member.id))).all()
    assert [one.line for one in bad] == [3]
    assert reason in bad[0].reason
    assert names == ["Bob", "Zoé"]


def test_a_row_over_several_lines_is_named_by_its_first() -> None:
    _, bad = read('first_name,last_name,address\nAna,Martin,"12 rue\ndes Lilas"\nBob,,\n')
    assert [one.line for one in bad] == [2, 4]


def test_a_mobile_is_taken_once(store: Store) -> None:
    with store.begin() as session:
        holder = member(session, 1)
        bad = load(
            session,
            "first_name,last_name,mobile\nAna,Martin,+33639980001\n"
            "Bob,Durand,+33639980002\nZoé,Petit,+33639980002\n",
        )
    assert bad == [
        BadRow(2, f"mobile: member {holder.id} has it already"),
        BadRow(4, "mobile: the same as on line 3"),
    ]


def test_a_mobile_is_taken_once_over_batches_too(store: Store) -> None:
    rows, _ = read("first_name,last_name,mobile\nA,B,+33639980002\nC,D,+33639980002\n")
    importer = Importer()
    with store.begin() as session:
        assert importer.write(session, rows[:1]) == []
        assert [one.line for one in importer.write(session, rows[1:])] == [3]


def test_a_community_is_named_or_found_by_the_home(store: Store) -> None:
    lat, lon = middle(1)
    text = (
        "first_name,last_name,email,lat,lon,community,referent\n"
        f"Ana,A,a@m.example,{lat},{lon},,yes\nBob,B,b@m.example,,,les lilas,\n"
        "Zoé,Z,z@m.example,,,Nulle part,\nYan,Y,y@m.example,46,5,,yes\n"
    )
    with store.begin() as session:
        lilas, roses = community(session), community(session, "Les Roses", 1)
        bad = load(session, text)
        joined = session.exec(select(Member.community_id).order_by(col(Member.id))).all()
    assert joined == [roses.id, lilas.id]
    assert [one.line for one in bad] == [4, 5]
    assert "no community 'Nulle part'" in bad[0].reason
    assert "référent needs a community" in bad[1].reason


def test_ten_thousand_rows_take_seconds(store: Store) -> None:
    lines = (f"Ana,Voisin{n},+3363998{n:04},45.1825,5.7225,yes" for n in range(10_000))
    text = "first_name,last_name,mobile,lat,lon,active\n" + "\n".join(lines)
    with store.begin() as session:
        home = community(session)
        started = time.perf_counter()
        good, bad = read(text)
        importer = Importer()
        for start in range(0, len(good), members_csv.BATCH):
            bad += importer.write(session, good[start : start + members_csv.BATCH])
        seconds = time.perf_counter() - started
        inside = session.exec(
            select(func.count()).select_from(Member).where(Member.community_id == home.id)
        ).one()
    assert (bad, inside) == ([], 10_000)
    assert seconds < 20  # about 2 s on an idle machine


HOSTILE = ("=1+1", "+33", "-2", "@SUM(A1)", "\tx", "'=1", "''@x", "O'Neill", "a=b", "12, rue")


def test_formulas_leave_as_text_and_come_back(store: Store) -> None:
    with store.begin() as session:
        community(session, "=cmd")
        for n, name in enumerate(HOSTILE):
            membership.register(session, NewMember("x", name, email=f"{n}@m.example", address=name))
        member(session, 1)
        out = io.StringIO()
        assert members_csv.export(session, out) == len(HOSTILE) + 1
    cells = [cell for row in csv.reader(io.StringIO(out.getvalue())) for cell in row]
    assert not [cell for cell in cells if cell[:1] in ("=", "+", "-", "@", "\t", "\r") and cell]
    good, bad = read(out.getvalue())
    assert bad == []
    assert [row.new.last_name for row in good] == [name.strip() for name in HOSTILE] + ["Voisin1"]
    assert good[-1].community == "=cmd"


@given(st.text(st.sampled_from("'=+-@\ta1"), max_size=6))
def test_escaping_is_undone_exactly(text: str) -> None:
    escaped = members_csv._escape(text)
    assert not escaped.startswith(("=", "+", "-", "@", "\t"))
    assert members_csv._unescape(escaped) == text


def test_an_overseas_home_is_no_formula(store: Store) -> None:
    with store.begin() as session:
        member(session, 1, lat=-21.1, lon=55.5)
        member(session, 2, lat=16.2, lon=-61.5)
        out = io.StringIO()
        members_csv.export(session, out)
    good, _ = read(out.getvalue())
    assert [(row.new.lat, row.new.lon) for row in good] == [(-21.1, 55.5), (16.2, -61.5)]


def features(session: Session) -> Sequence[object]:
    return list(communities_geojson.export(session))


def test_communities_go_out_and_in_exactly(store: Store) -> None:
    odd = shapely.Polygon([(5.72, 45.18), (5.7251234567891, 45.18), (5.723, 45.1849999999999)])
    with store.begin() as session:
        community(session, "Les « Lilas »", boundary=odd)
        community(session, "Les Roses", 3).mode = "referent"
        session.flush()
        before = features(session)
        for home in session.exec(select(Community)).all():
            communities.remove(session, home)
        document = json.dumps({"type": "FeatureCollection", "features": before}).encode()
        for feature in communities_geojson.read(document):
            new = communities_geojson.community_of(feature, points_max=500)
            communities.add(session, new, geo=GEO)
        assert features(session) == before


@pytest.mark.parametrize(
    ("feature", "code"),
    [
        ({}, "properties"),
        ({"properties": None}, "properties"),
        ({"properties": {"name": "Là"}}, "properties"),
        ({"properties": {"name": "Là", "town": 38185}}, "properties"),
        ({"properties": {"name": "Là", "town": "38185"}, "type": "Feature"}, "not_polygon"),
        ([], "properties"),
    ],
)
def test_a_feature_says_what_it_lacks(feature: object, code: str) -> None:
    with pytest.raises(RuleError) as error:
        communities_geojson.community_of(feature, points_max=500)
    assert error.value.code == code


@pytest.mark.parametrize("document", [b"[]", b'{"type":"Feature"}', b'{"features":3}', b"\xff"])
def test_what_is_no_collection_is_refused(document: bytes) -> None:
    with pytest.raises(RuleError):
        communities_geojson.read(document)


def test_an_unknown_mode_is_refused(store: Store) -> None:
    with store.begin() as session:
        town(session)
        new = communities.NewCommunity("Là", "38185", square(), mode="mayor")
        with pytest.raises(RuleError, match="team, referent, town"):
            communities.add(session, new, geo=GEO)
