"""Accounts, sessions, links and second factors on both databases; races among them."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import Session, select

from community_store import account_links, accounts, passwords, personal_data, second_factor
from community_store import sessions as web_sessions
from community_store.columns import utcnow
from community_store.errors import RuleError
from community_store.models import (
    Account,
    AccountLink,
    Agent,
    RecoveryCode,
    Town,
    WebSession,
)
from community_store.passwords import Hasher
from community_store.store import Store
from tests.community_store.ground import community, member

pytestmark = pytest.mark.both

KEY = "k" * 32
EMAIL = "ana@voisins.example"


def one_of(store: Store, rounds: int, act: Callable[[Session], Any]) -> list[Any]:
    """What came of the same done by several at once, each in its own transaction."""

    def once(_: int) -> Any:
        with store.begin() as session:
            return act(session)

    with ThreadPoolExecutor(rounds) as pool:
        return list(pool.map(once, range(rounds)))


@pytest.fixture
def account(store: Store) -> Account:
    with store.begin() as session:
        return accounts.add_team(session, "Ada", "ada@equipe.example")


def test_a_link_is_used_by_one_of_two_at_once(store: Store, account: Account) -> None:
    now = utcnow()
    with store.begin() as session:
        token = account_links.make(session, account, now)
    used = one_of(store, 4, lambda session: account_links.use(session, token, now))
    assert sorted(one is not None for one in used) == [False, False, False, True]


def test_a_code_of_a_telephone_lets_one_of_two_in(store: Store, account: Account) -> None:
    import pyotp

    now = utcnow()
    with store.begin() as session:
        second_factor.prepare(session, session.get_one(Account, account.id))
    with store.read() as session:
        kept = session.get_one(Account, account.id)
    code = pyotp.TOTP(second_factor.secret(KEY, kept)).at(now)
    right = one_of(
        store, 4, lambda session: second_factor.verify(session, kept, code, key=KEY, now=now)
    )
    assert sorted(right) == [False, False, False, True]


def test_a_paper_code_is_crossed_out_once(store: Store, account: Account) -> None:
    with store.begin() as session:
        [code, *_] = second_factor.write_paper(session, account)
    right = one_of(store, 4, lambda session: second_factor.use_paper(session, account, code))
    assert sorted(right) == [False, False, False, True]


def test_the_secret_needs_the_key_and_the_row(store: Store, account: Account) -> None:
    with store.begin() as session:
        kept = session.get_one(Account, account.id)
        second_factor.prepare(session, kept)
        secret = second_factor.secret(KEY, kept)
        assert second_factor.secret("another", kept) != secret
        assert len(secret) == 32
        second_factor.reset(session, kept)
        second_factor.prepare(session, kept)
        assert second_factor.secret(KEY, kept) != secret


def test_an_erased_member_can_sign_in_no_more(store: Store) -> None:
    with store.begin() as session:
        community(session)
        ana = member(session, 1, email=EMAIL)
        account = accounts.of_member(session, ana)
        token = web_sessions.begin(session, account, utcnow(), device="Firefox · Linux")
        link = account_links.make(session, account, utcnow())
        told = personal_data.export(session, ana)["account"]
        assert told["email"] == EMAIL
        assert [one["device"] for one in told["sessions"]] == ["Firefox · Linux"]
        personal_data.erase(session, ana)
    with store.begin() as session:
        assert web_sessions.find(session, token, utcnow()) is None
        assert account_links.opened(session, link, utcnow()) is None
        for table in (Account, AccountLink, WebSession):
            assert session.exec(select(table)).all() == []


def test_an_erased_member_of_the_team_stays_of_the_team(store: Store) -> None:
    with store.begin() as session:
        community(session)
        ana = member(session, 1, email=EMAIL)
        account = accounts.of_member(session, ana)
        accounts.add_team(session, "Ana", EMAIL)
        personal_data.erase(session, ana)
    with store.read() as session:
        [kept] = session.exec(select(Account)).all()
        assert (kept.id, kept.team, kept.member_id) == (account.id, True, None)


def test_a_removed_agent_is_nobody(store: Store) -> None:
    with store.begin() as session:
        session.add(Town(insee="38185", name="Grenoble"))
        session.flush()
        agent = Agent(town_insee="38185", name="Léa", email="lea@ville.example")
        session.add(agent)
        session.flush()
        account = accounts.holder_of_email(session, "lea@ville.example")
        assert account is not None
        accounts.proved_email(session, account)
        token = web_sessions.begin(session, account, utcnow())
        assert web_sessions.find(session, token, utcnow()) is not None
        session.delete(agent)
    with store.read() as session:
        assert web_sessions.find(session, token, utcnow()) is None


def test_the_team_never_inherits_a_password(store: Store) -> None:
    """Whoever registered with that address, unproved, has no way in."""
    with store.begin() as session:
        community(session)
        account = accounts.of_member(session, member(session, 1, email=EMAIL))
        account.password = "hash"
        token = web_sessions.begin(session, account, utcnow())
        accounts.add_team(session, "Ada", EMAIL)
        assert account.password == ""
        assert web_sessions.find(session, token, utcnow()) is None


def test_whose_address_several_members_share_has_no_account(store: Store) -> None:
    with store.begin() as session:
        community(session)
        member(session, 1, email=EMAIL)
        member(session, 2, email=EMAIL)
        assert accounts.holder_of_email(session, EMAIL) is None


def test_two_accounts_of_one_household_share_no_e_mail(store: Store) -> None:
    with store.begin() as session:
        community(session)
        one, two = (accounts.of_member(session, member(session, n, email=EMAIL)) for n in (1, 2))
        assert (one.email, two.email) == (EMAIL, None)


def test_what_is_over_is_dropped(store: Store, account: Account) -> None:
    now = utcnow()
    with store.begin() as session:
        web_sessions.begin(session, account, now)
        account_links.make(session, account, now)
        later = now + timedelta(days=1, seconds=1)
        web_sessions.forget(session, later)
        account_links.forget(session, later)
        for table in (WebSession, AccountLink):
            assert session.exec(select(table)).all() == []


def test_a_removed_person_takes_codes_and_sessions_along(store: Store, account: Account) -> None:
    with store.begin() as session:
        second_factor.write_paper(session, account)
        web_sessions.begin(session, account, utcnow())
    with store.begin() as session:
        accounts.remove_team(session, session.get_one(Account, account.id))
    with store.read() as session:
        for table in (Account, RecoveryCode, WebSession):
            assert session.exec(select(table)).all() == []


# passwords


def test_a_hash_is_argon2id_and_differs_each_time() -> None:
    hasher = Hasher()
    one, two = hasher.hash("quatre mots sans rapport"), hasher.hash("quatre mots sans rapport")
    assert one.startswith("$argon2id$v=19$m=12288,t=3,p=1$")
    assert one != two
    assert hasher.matches("quatre mots sans rapport", one)
    assert not hasher.matches("quatre mots sans rappor", one)
    assert not hasher.matches("nobody has this password", "")
    assert not hasher.matches("x", "no hash at all")


def test_an_accent_is_the_same_from_every_keyboard() -> None:
    hasher = Hasher()
    assert hasher.matches("e\u0301te\u0301 au village", hasher.hash("été au village"))


@pytest.mark.parametrize(
    ("password", "code"),
    [("onze caract", "short"), ("x" * 129, "long"), ("azertyuiop123", "common"),
     ("Motdepasse1234!", "common"), ("MARSEILLE-13000", "common"), ("abcabcabcabc", "common"),
     ("111111111111", "common"), ("1234567890123", "common"), ("Léa-Rousseau26", "personal"),
     ("123456789012", "common"), ("098765432109", "common"), ("azertyuiopqs", "common"),
     ("abcdefghijkl", "common"), ("motdepassemotdepasse", "common"),
     ("Lea.Rousseau!Lea.Rousseau!", "personal")],
)  # fmt: skip
def test_what_is_tried_first_is_refused(password: str, code: str) -> None:
    with pytest.raises(RuleError) as refused:
        passwords.check(password, about=["lea.rousseau", "Lea-Rousseau", ""])
    assert refused.value.code == code


@pytest.mark.parametrize(
    "password", ["x y z t u " * 12, "quatre mots sans rapport", "éééé ààà ùùù ç", "730196482057"]
)
def test_anything_else_may_be_a_password(password: str) -> None:
    passwords.check(password, about=["ana", ""])


def test_members_are_found_by_number(store: Store) -> None:
    with store.begin() as session:
        community(session)
        ana = member(session, 1, mobile="+33639980001", landline="+33199000001")
        for number in ("+33639980001", "+33199000001"):
            assert accounts.with_number(session, number) == [ana]
        several = [ana, *(member(session, n, landline="+33199000001") for n in (2, 3))]
        assert accounts.with_number(session, "+33199000001") == several
        assert accounts.with_number(session, "+33199000002") == []
