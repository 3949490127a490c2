"""product.md's table, row by row."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from sqlmodel import Session

from community_store import communities, membership, twinning, visibility
from community_store.membership import NewMember
from community_store.models import Agent, Audience, Member, MemberState, Town
from community_store.store import Store
from community_store.streets import street_only
from community_store.visibility import Author, Seen, Viewer
from tests.community_store.ground import GEO, INSEE, community, member, square, town

ADDRESS = "12 bis rue des Lilas, 38000 Grenoble"
HIDDEN = Member(
    id=1, first_name="Ana", last_name="Martin", pseudonym="Mésange bleue", address=ADDRESS,
    mobile="+33639980001", landline="+33199000001", email="ana@mail.example",
    hide_mobile=True, hide_landline=True,
)  # fmt: skip
OPEN = HIDDEN.model_copy(update={"hide_mobile": False, "hide_landline": False})
HIDDEN.about, HIDDEN.interests = "Une échelle", "music,échecs"
HIDDEN.tenure, HIDDEN.dwelling = "owner", "flat"
PROFILE: dict[str, Any] = {"about": "Une échelle", "interests": ("music", "échecs")}
CONTACTS = Seen("Ana Martin", "", ADDRESS, "+33639980001", "+33199000001", "ana@mail.example")
ALL = replace(CONTACTS, pseudonym="Mésange bleue", **PROFILE)


@pytest.mark.parametrize(
    ("viewer", "member", "seen"),
    [
        (
            Viewer.NEIGHBOUR,
            OPEN,
            Seen("Ana Martin", "", "rue des Lilas", "+33639980001", "+33199000001"),
        ),
        (Viewer.NEIGHBOUR, HIDDEN, Seen("Ana Martin", "", "rue des Lilas", **PROFILE)),
        (Viewer.TWIN, HIDDEN, Seen(pseudonym="Mésange bleue")),
        (Viewer.TWIN, OPEN, Seen(pseudonym="Mésange bleue")),
        (Viewer.AGENT, HIDDEN, CONTACTS),
        (Viewer.OPERATOR, HIDDEN, ALL),
        (Viewer.SELF, HIDDEN, replace(ALL, tenure="owner", dwelling="flat")),
        (Viewer.ANYONE, HIDDEN, Seen()),
    ],
)
def test_the_table(viewer: Viewer, member: Member, seen: Seen) -> None:
    assert visibility.visible(member, viewer) == seen


@pytest.mark.parametrize(
    ("audience", "author"),
    [
        (Audience.NEIGHBOUR, Author("Ana Martin")),
        (Audience.TWIN, Author("Mésange bleue")),
        (Audience.AGENT, Author("Ana Martin", "+33639980001", ADDRESS)),
        (Audience.PERSON, Author("Mésange bleue")),
    ],
)
def test_an_audience_hears_of_the_author_what_it_may(audience: Audience, author: Author) -> None:
    assert visibility.author_for(audience, HIDDEN) == author
    assert visibility.author_for(audience, None) == Author()


def test_an_author_without_mobile_is_called_at_home() -> None:
    landline = HIDDEN.model_copy(update={"mobile": None})
    assert visibility.author_for(Audience.AGENT, landline).phone == "+33199000001"


@pytest.fixture
def neighbourhood(store: Store) -> dict[str, Member | Agent]:
    """One member of Les Lilas, and everybody who may look at them."""
    with store.begin() as session:
        lilas, roses = community(session), community(session, "Les Roses", 1)
        community(session, "Les Iris", 2)
        twinning.twin(session, lilas, roses, geo=GEO)
        town(session, "01001")
        people = {"me": 0, "neighbour": 0, "twin": 1, "stranger": 2, "homeless": 9}
        cast: dict[str, Member | Agent] = {
            who: member(session, n, column) for n, (who, column) in enumerate(people.items())
        }
        cast["pending"] = member(session, 10, active=False)
        cast["agent"] = Agent(town_insee=INSEE, name="Mairie", email="m@mail.example")
        cast["foreign agent"] = Agent(town_insee="01001", name="Autre", email="a@mail.example")
        session.add_all([cast["agent"], cast["foreign agent"]])
    return cast


@pytest.mark.parametrize(
    ("who", "viewer"),
    [
        ("me", Viewer.SELF), ("neighbour", Viewer.NEIGHBOUR), ("twin", Viewer.TWIN),
        ("stranger", Viewer.ANYONE), ("homeless", Viewer.ANYONE), ("pending", Viewer.ANYONE),
        ("agent", Viewer.ANYONE), ("foreign agent", Viewer.ANYONE), ("nobody", Viewer.ANYONE),
    ],
)  # fmt: skip
def test_who_is_what_to_a_member(
    store: Store, neighbourhood: dict[str, Member | Agent], who: str, viewer: Viewer
) -> None:
    with store.read() as session:
        assert seen_by(session, neighbourhood, who) is viewer


@pytest.mark.parametrize(
    ("who", "viewer"), [("agent", Viewer.AGENT), ("foreign agent", Viewer.ANYONE)]
)
def test_only_the_agents_of_the_subscribed_town_see(
    store: Store, neighbourhood: dict[str, Member | Agent], who: str, viewer: Viewer
) -> None:
    with store.begin() as session:
        for insee in (INSEE, "01001"):
            session.get_one(Town, insee).subscribed = True
        session.flush()
        assert seen_by(session, neighbourhood, who) is viewer


@pytest.mark.parametrize("state", [MemberState.PENDING, MemberState.SUSPENDED])
def test_neighbours_see_and_are_seen_only_while_active(
    store: Store, neighbourhood: dict[str, Member | Agent], state: MemberState
) -> None:
    me, other = neighbourhood["me"], neighbourhood["neighbour"]
    assert isinstance(me, Member)
    assert isinstance(other, Member)
    with store.read() as session:
        me.state = state
        assert visibility.viewer_of(session, other, me) is Viewer.ANYONE
        assert visibility.viewer_of(session, me, other) is Viewer.ANYONE


def seen_by(session: Session, cast: dict[str, Member | Agent], who: str) -> Viewer:
    me = cast["me"]
    assert isinstance(me, Member)
    return visibility.viewer_of(session, cast.get(who), me)


@pytest.mark.parametrize(
    ("address", "street"),
    [
        ("12 bis rue des Lilas, 38000 Grenoble", "rue des Lilas"),
        ("12, rue des Lilas, 38000 Grenoble", "rue des Lilas"),
        ("12B Av. du Général Leclerc 38000 Grenoble", "Av. du Général Leclerc"),
        ("rue des Lilas 12", "rue des Lilas"),
        ("rue des Lilas n° 12", "rue des Lilas"),
        ("12 rue des Lilas apt 4, 3e étage", "rue des Lilas"),
        ("Appt 3, 12 rue du 8 mai 1945, Bât B, 38000 Grenoble", "rue du 8 mai 1945"),
        ("4 Grande Rue 69001 Lyon", "Grande Rue"),
        ("3 place de l'Église", "place de l'Église"),
        ("Le Bourg, 38190 Laval", "Le Bourg"),
        ("38000 Grenoble", ""),
        ("chez Durand, 7", "chez Durand"),
        ("chez Durand 7", ""),
        ("Bât C, escalier 2", ""),
        ("", ""),
    ],
)
def test_neighbours_see_the_street_only(address: str, street: str) -> None:
    assert street_only(address) == street


def test_the_members_of_two_communities_do_not_see_each_other_by_default(store: Store) -> None:
    with store.begin() as session:
        town(session)
        new = communities.NewCommunity("Loin", INSEE, square(0, 5))
        home = communities.add(session, new, geo=GEO)
        a = membership.register(session, NewMember("A", "B", email="a@m.example", active=True,
                                                   community_id=home.id))  # fmt: skip
        b = member(session, 1)
        assert visibility.viewer_of(session, a, b) is Viewer.ANYONE
