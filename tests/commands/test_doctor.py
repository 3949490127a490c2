"""`tocsin doctor` looks at partners (a real OpenID provider, one that is away, one that lies), and
at the devices that have notifications.
"""

from __future__ import annotations

import json
from dataclasses import replace

from community_store import subscriptions
from community_store.columns import utcnow
from community_store.models import Member
from community_store.store import open_store
from community_store.subscriptions import Browser
from gateway import vapid
from tests.commands.console import Console
from tests.rigs.openid import openid_provider
from tests.rigs.processes import free_port


def finding(village: Console, **section: str) -> dict[str, str]:
    told = {"issuer": "", "client_id": "t", "client_secret": "s", "label": "MiTrust"} | section
    names = {f"TOCSIN__PARTNER__MITRUST__{name.upper()}": value for name, value in told.items()}
    asked = replace(village, environment={**village.environment, **names})
    rows = json.loads(asked.run("doctor", "--json").stdout)
    (row,) = [row for row in rows if row["check"] == "partner mitrust"]
    return dict(row)


def test_a_partner_that_answers_is_well_once_addresses_can_be_found(village: Console) -> None:
    with openid_provider({}, []) as provider:
        found = finding(village, issuer=provider.issuer)
        assert found["result"] == "FAULT"
        assert "geocoder_url" in found["what"]
        located = replace(
            village,
            environment={**village.environment, "TOCSIN__GEO__GEOCODER_URL": "http://127.0.0.1:9"},
        )
        found = finding(located, issuer=provider.issuer)
        assert found["result"] == "ok"
        assert "/activation/partner/mitrust/back" in found["what"]
        found = finding(located, issuer=f"{provider.issuer}/")
        assert found["result"] == "FAULT"
        assert f"it calls itself '{provider.issuer}'" in found["what"]


def test_a_partner_that_is_away_is_a_fault(village: Console) -> None:
    found = finding(village, issuer=f"http://127.0.0.1:{free_port()}")
    assert found["result"] == "FAULT"
    assert "no answer" in found["what"]


def of_push(village: Console, **environment: str) -> dict[str, dict[str, str]]:
    asked = replace(village, environment={**village.environment, **environment})
    rows = json.loads(asked.run("doctor", "--json").stdout)
    return {row["check"]: row for row in rows if row["check"] in ("notifications", "gateway push")}


def test_devices_that_expect_another_key_are_a_fault(village: Console, sqlite_url: str) -> None:
    found = of_push(village)
    assert {row["result"] for row in found.values()} == {"ok"}
    assert found["notifications"]["what"] == "0 device(s)"
    assert "signs as" in found["gateway push"]["what"]
    key = vapid.private_key("", village.folder / "var")
    subscribe(sqlite_url, vapid.public_key(key))
    assert of_push(village)["notifications"]["what"] == "1 device(s)"
    another = {"TOCSIN__PUSH__VAPID_PRIVATE_KEY": vapid.new_key()}
    row = of_push(village, **another)["notifications"]
    assert row["result"] == "FAULT"
    assert "1 of 1 device(s) expect another key: restore" in row["what"]


def test_a_site_without_https_has_none_and_that_is_no_fault(village: Console) -> None:
    found = of_push(village, TOCSIN__SERVICE__SITE="http://tocsin.example")["notifications"]
    assert found["result"] == "ok"
    assert "browsers want https" in found["what"]


def subscribe(url: str, made_for: str) -> None:
    store = open_store(url)
    with store.begin() as session:
        member = Member(first_name="Ana", last_name="Voisin", pseudonym="Mésange")
        session.add(member)
        session.flush()
        assert member.id is not None
        browser = Browser("https://push.example/x", "p", "a", made_for)
        subscriptions.subscribe(session, member.id, browser, utcnow())
    store.close()


def test_the_legal_pages_and_the_contact_form_are_looked_at_and_are_no_fault(
    village: Console,
) -> None:
    def told(**environment: str) -> dict[str, dict[str, str]]:
        asked = replace(village, environment={**village.environment, **environment})
        rows = json.loads(asked.run("doctor", "--json").stdout)
        return {row["check"]: row for row in rows}

    bare = told()
    assert bare["legal pages"]["result"] == bare["contact form"]["result"] == "ok"
    assert "publisher, publisher_address" in bare["legal pages"]["what"]
    assert "closed" in bare["contact form"]["what"]
    better = told(
        TOCSIN__LEGAL__PUBLISHER="Commune", TOCSIN__SERVICE__CONTACT="Écrire à mairie@ville.example"
    )
    assert "publisher, " not in better["legal pages"]["what"]
    assert "writes to" in better["contact form"]["what"]
