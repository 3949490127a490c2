"""Members: their registration, their states, how they are found."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from community_store import membership, pseudonyms
from community_store.errors import Ambiguous, NotFound, RuleError
from community_store.membership import NewMember
from community_store.models import Member, MemberState
from community_store.store import Store
from tests.community_store.ground import community, member

pytestmark = pytest.mark.both

ANA = NewMember("Ana", "Martin", mobile="+33639980001")


def test_a_member_is_pending_until_vouched_for(store: Store) -> None:
    with store.begin() as session:
        ana = membership.register(session, ANA)
        before = ana.state, ana.activated_at
        membership.activate(session, ana)
        first = ana.activated_at
        membership.suspend(session, ana)
        membership.activate(session, ana)
    assert before == (MemberState.PENDING, None)
    assert ana.state == MemberState.ACTIVE
    assert ana.activated_at == first is not None


def test_a_home_inside_a_boundary_joins_at_once(store: Store) -> None:
    with store.begin() as session:
        home = community(session)
        inside, outside = member(session, 1), member(session, 2, column=4)
        nowhere = membership.register(session, NewMember("Bob", "Durand", email="b@mail.example"))
    assert inside.community_id == home.id
    assert (outside.community_id, nowhere.community_id) == (None, None)


def test_a_community_that_was_named_wins(store: Store) -> None:
    with store.begin() as session:
        community(session)
        roses = community(session, "Les Roses", 1)
        assert member(session, 1, community_id=roses.id).community_id == roses.id


def test_what_a_person_typed_is_made_clean(store: Store) -> None:
    with store.begin() as session:
        new = NewMember("  Ana  Lou ", "Martin", email=" Ana.M@Mail.EXAMPLE ", address="1  rue ")
        ana = membership.register(session, new)
    assert (ana.first_name, ana.email, ana.address) == ("Ana Lou", "ana.m@mail.example", "1 rue")


@pytest.mark.parametrize(
    ("new", "code"),
    [
        (NewMember("", "Martin", mobile="+33639980001"), "name"),
        (NewMember("Ana", " ", mobile="+33639980001"), "name"),
        (NewMember("Ana", "Martin"), "contact"),
        (NewMember("Ana", "Martin", email="ana@"), "email"),
        (NewMember("Ana", "Martin", email="ana@mail.example\nBcc: x@mail.example"), "email"),
        (NewMember("Ana", "Martin", mobile="+33639980001", language="de"), "language"),
        (NewMember("Ana", "Martin", mobile="+33639980001", lat=45.0), "position"),
        (NewMember("Ana", "Martin", mobile="+33639980001", lat=95.0, lon=5.0), "position"),
        (NewMember("Ana", "Martin", mobile="+33639980001", lat=float("nan"), lon=5.0), "position"),
        (NewMember("Ana", "Martin", mobile="+33639980001", referent=True), "referent"),
    ],
)
def test_what_cannot_be_is_refused(sqlite_store: Store, new: NewMember, code: str) -> None:
    with sqlite_store.begin() as session, pytest.raises(RuleError) as error:
        membership.register(session, new)
    assert error.value.code == code


def test_a_mobile_belongs_to_one(store: Store) -> None:
    with store.begin() as session:
        ana = membership.register(session, ANA)
        with pytest.raises(RuleError, match=f"member {ana.id} has this mobile"):
            membership.register(session, ANA)
        membership.close(session, ana)
        assert membership.register(session, ANA).id != ana.id


def test_a_member_is_found_by_what_is_unique(store: Store) -> None:
    with store.begin() as session:
        ana = membership.register(
            session,
            NewMember("Élodie", "Martin", mobile="+33639980001", landline="+33199000001",
                      email="elodie@mail.example"),
        )  # fmt: skip
        for named in (str(ana.id), "Élodie Martin", "Élodie MARTIN", "Elodie@Mail.example"):
            assert membership.find(session, named).id == ana.id
        for number in ("+33639980001", "+33199000001"):
            assert membership.find(session, "06...", number=number).id == ana.id
        with pytest.raises(NotFound, match="tocsin member list"):
            membership.find(session, "Bob Durand")


def test_a_name_of_two_is_ambiguous(store: Store) -> None:
    with store.begin() as session:
        two = [membership.register(session, NewMember("Ana", "Martin", email=f"{n}@mail.example"))
               for n in "ab"]  # fmt: skip
        with pytest.raises(Ambiguous, match=f"{two[0].id}, {two[1].id}"):
            membership.find(session, "ana martin")


def test_a_closed_account_stays_closed(store: Store) -> None:
    with store.begin() as session:
        ana = membership.register(session, ANA)
        membership.close(session, ana)
        membership.close(session, ana)
        for change in (membership.activate, membership.suspend):
            with pytest.raises(RuleError, match="closed"):
                change(session, ana)
        assert list(membership.list_all(session)) == []


def test_a_referent_has_a_community(store: Store) -> None:
    with store.begin() as session:
        ana = membership.register(session, ANA)
        with pytest.raises(RuleError, match="needs a community"):
            membership.set_referent(session, ana, referent=True)
        lilas, roses = community(session), community(session, "Les Roses", 1)
        membership.move(session, ana, lilas)
        membership.set_referent(session, ana, referent=True)
        membership.move(session, ana, lilas)
        assert ana.referent
        membership.move(session, ana, roses)
        assert not ana.referent


def test_requests_are_the_pending_ones_the_eldest_first(store: Store) -> None:
    with store.begin() as session:
        home = community(session)
        first, second = (member(session, n, active=False) for n in (1, 2))
        member(session, 3), member(session, 4, column=3, active=False)
        listed = membership.requests(session, community_id=home.id)
        assert [one.id for one, _, _ in listed] == [first.id, second.id]
        assert len(membership.requests(session)) == 3
        membership.refuse(session, first)
        with pytest.raises(RuleError, match="closed, not pending"):
            membership.refuse(session, first)
    assert first.state == MemberState.CLOSED


@given(st.sampled_from(["Merle", "Pie", "Chouette", "Verdier", "Sage", "Noir", "Étourneau-Roux"]))
def test_a_pseudonym_shares_no_word_with_the_name(last_name: str) -> None:
    words = {word for _ in range(30) for word in pseudonyms.pick("Rose", last_name).split()}
    assert not words & {"Rose", "rose", *last_name.split("-"), last_name.lower()}
    assert all(word.isalpha() for word in words)


def test_a_pseudonym_is_two_words_that_agree() -> None:
    for _ in range(300):
        bird, adjective = pseudonyms.pick().split()
        feminine = {"bleue", "verte", "noire", "discrète", "rousse", "vive"}
        masculine = {"bleu", "vert", "noir", "discret", "roux", "vif"}
        assert not (adjective in feminine and bird in ("Moineau", "Geai", "Pinson", "Héron"))
        assert not (adjective in masculine and bird in ("Mésange", "Pie", "Grive", "Buse"))


def test_a_pseudonym_that_was_not_chosen_mocks_nobody() -> None:
    """French calls a fool a buse, an oie or a linotte, and worse a grue."""
    words = {word for one in pseudonyms.suggest(1500) for word in one.split()}
    assert len(words) > 80
    assert not words & {"Buse", "Grue", "Linotte", "Oie", "Serin", "Étourneau"}
    assert not words & {"noir", "noire", "jaune", "sauvage", "malin", "maligne", "rusée", "légère"}


def test_a_pseudonym_that_was_chosen_is_kept(store: Store) -> None:
    with store.begin() as session:
        chosen = membership.register(session, NewMember("A", "B", email="a@b.example",
                                                        pseudonym="Le Veilleur"))  # fmt: skip
        assert session.get_one(Member, chosen.id).pseudonym == "Le Veilleur"
