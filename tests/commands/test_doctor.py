"""`tocsin doctor` looks at partners: a real OpenID provider, one that is away, one that lies."""

from __future__ import annotations

import json
from dataclasses import replace

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
