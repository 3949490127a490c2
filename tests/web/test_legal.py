"""The legal pages: completed by the operator, and true to what the service does."""

from __future__ import annotations

import re
from dataclasses import fields
from datetime import date
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from community_store import visibility
from community_store.models import Member
from community_store.store import Store
from community_store.visibility import Viewer
from config import Geo, Joining, Legal, PartnerSection, Retention, Settings
from tests.web.house import SITE, House, words
from tests.web.seen import plain_house
from web import i18n, legal
from web.docs import FOLDER, Press

LANGUAGES = ("fr", "en")
MISSING = {"fr": "[à compléter par l'exploitant]", "en": "[to be completed by the operator]"}
COMPLETE: dict[str, Any] = {
    "publisher": "Commune de Saint-Aubin-les-Tilleuls",
    "publisher_address": "1 place de la Mairie, 01901 Saint-Aubin",
    "publisher_phone": "04 65 71 00 00",
    "registration": "SIRET 210 019 010 00012",
    "director": "Camille Roux, maire",
    "host": "Hébergeur *du* Bugey",
    "host_address": "3 rue du Câble, 01000 Bourg",
    "host_phone": "04 65 71 00 01",
    "data_officer": "Déléguée, dpo@ville.example",
    "contractors": ("Opérateur SMS, France", "Envoi d'e-mails, Irlande"),
    "effective": date(2027, 1, 1),
    "accessibility_checked": "Contrôle du 12 mai 2027 : 93 % des critères",
    "accessibility_gaps": ("Nos <b>photos</b> n'ont pas de description",),
    "accessibility_date": date(2027, 5, 13),
}
NAMED = {  # what each page says of the operator
    "privacy": {"publisher", "publisher_address", "data_officer", "contractors", "host", "effective"},
    "terms": {"publisher", "publisher_address", "publisher_phone", "registration", "director", "host",
              "host_address", "host_phone", "effective"},
    "accessibility": {"publisher", "accessibility", "accessibility_checked", "accessibility_gaps",
                      "accessibility_date"},
}  # fmt: skip


def page(name: str, language: str = "fr", **sections: Any) -> str:
    """A page's words, in one line."""
    told = Press(language, legal.facts(Settings(**sections)), MISSING[language][1:-1])
    text = told.document(FOLDER / "legal" / language / f"{name}.md").plain
    return re.sub(r"\s+", " ", text.replace("\u00a0", " "))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", legal.PAGES)
def test_each_page_opens_for_everybody_in_both_languages(
    house: House, name: str, language: str
) -> None:
    answer = house.visitor(**{"Accept-Language": language}).get(f"/legal/{name}")
    assert answer.status_code == 200
    assert MISSING[language] in words(answer)


@pytest.mark.parametrize("name", ["", "x", "..%2Fprivacy", "privacy.md"])
def test_no_other_page_exists(house: House, name: str) -> None:
    assert house.visitor().get(f"/legal/{name}").status_code == 404


def test_every_page_leads_to_them_and_says_how_accessible_it_is(house: House) -> None:
    bottom = words(house.visitor().get("/")).partition("<footer")[2]
    for path in ("/help", "/contact", *(f"/legal/{name}" for name in legal.PAGES)):
        assert f'href="{path}"' in bottom
    assert "Accessibilité : partiellement conforme" in bottom


@pytest.mark.parametrize(
    ("state", "said"),
    [("full", "totalement conforme"), ("partial", "partiellement conforme"), ("none", "conforme")],
)
def test_the_statement_says_what_the_footer_says(
    sqlite_store: Store, redis_url: str, tmp_path: Path, state: str, said: str
) -> None:
    house = plain_house(
        sqlite_store, redis_url, tmp_path, site=SITE, legal={"accessibility": state}
    )
    shown = words(house.visitor().get("/legal/accessibility"))
    assert f"<strong>{'pas ' if state == 'none' else ''}{said}</strong>" in shown
    assert ("non conforme" in shown.partition("<footer")[2]) == (state == "none")
    assert ("Ce qui n'est pas accessible" in shown) == (state != "full")


# completed by the operator


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", legal.PAGES)
def test_a_complete_configuration_leaves_nothing_to_be_completed(name: str, language: str) -> None:
    service = {"contact": "mairie@ville.example"}
    shown = page(name, language, legal=COMPLETE, service=service)
    assert MISSING[language] not in shown
    for key in NAMED[name] - {"accessibility", "effective", "accessibility_date"}:
        values = COMPLETE[key] if isinstance(COMPLETE[key], tuple) else (COMPLETE[key],)
        assert all(value in shown for value in values), key
    years = {"effective": "2027", "accessibility_date": "2027"}
    assert all(year in shown for key, year in years.items() if key in NAMED[name])


@pytest.mark.parametrize("key", [key for key in Legal().missing if not key.endswith("_phone")])
def test_what_is_missing_is_said_where_it_would_stand(key: str) -> None:
    without = {name: value for name, value in COMPLETE.items() if name != key}
    service = {"contact": "mairie@ville.example"}
    for name in legal.PAGES:
        shown = page(name, legal=without, service=service)
        assert (MISSING["fr"] in shown) == (key in NAMED[name]), name


def test_every_key_is_named_by_a_page_and_missing_until_it_is_given() -> None:
    keys = set(Legal.model_fields)
    assert set.union(*NAMED.values()) == keys - {"texts"}
    optional = {"registration", "accessibility", "accessibility_gaps", "texts"}
    assert set(Legal().missing) == keys - optional
    assert Legal(**COMPLETE).missing == []


def test_both_languages_name_the_same_facts() -> None:
    for name in legal.PAGES:
        french, english = (
            sorted(
                re.findall(
                    r"{{\s*(.*?)\s*}}|{%\s*(.*?)\s*%}",
                    (FOLDER / "legal" / language / f"{name}.md").read_text(encoding="utf-8"),
                )
            )
            for language in LANGUAGES
        )
        assert french == english


def test_what_an_operator_writes_is_shown_as_it_is(house: House) -> None:
    told = Press("fr", legal.facts(Settings(legal=Legal(**COMPLETE))), "?")
    privacy, statement = (
        told.document(FOLDER / "legal" / "fr" / f"{name}.md").html
        for name in ("privacy", "accessibility")
    )
    assert "Hébergeur *du* Bugey" in privacy
    assert "&lt;b&gt;photos" in statement
    assert 'href="mailto:dpo@ville.example"' in privacy


def test_an_operator_s_own_text_takes_the_place_of_ours(
    sqlite_store: Store, redis_url: str, tmp_path: Path
) -> None:
    own = tmp_path / "legal" / "fr" / "terms.md"
    own.parent.mkdir(parents=True)
    own.write_text("---\ntitle: Nos règles\n---\n\n{{ service }}, et pas autrement.\n")
    house = plain_house(
        sqlite_store, redis_url, tmp_path, site=SITE, legal={"texts": tmp_path / "legal"}
    )
    assert "Tocsin, et pas autrement." in words(house.visitor().get("/legal/terms"))
    assert "Vos données personnelles" in words(house.visitor().get("/legal/privacy"))


# true to what the service does


def test_the_periods_are_those_of_the_settings() -> None:
    retention = Retention(
        alert_text_days=61, delivery_months=7, pending_days=23, log_months=5, movement_months=4
    )
    shown = page("privacy", retention=retention, joining=Joining(proof_days=9))
    for period in ("61 jours", "7 mois", "23 jours", "5 mois", "4 mois", "après 9 jours"):
        assert period in shown
    for figure in ("90", "13 mois", "15 jours"):
        assert figure not in shown


def test_the_promised_periods_stand_there_by_default() -> None:
    """promises.md: 90 days, 13 months, 30 days, 12 months."""
    shown = page("privacy")
    for period in ("90 jours ; ensuite", "13 mois", "30 jours", "12 mois"):
        assert period in shown


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_table_of_who_sees_what_is_that_of_visibility(language: str) -> None:
    """Each cell is compared with what community_store/visibility.py shows."""
    member = Member(
        first_name="Ana", last_name="Silva", mobile="+33639980001", landline="+33199000001",
        email="ana@voisins.example", address="12 rue des Lilas", pseudonym="Mésange rieuse", about="Je jardine",
        tenure="owner", dwelling="house",
    )  # fmt: skip
    viewers = (Viewer.NEIGHBOUR, Viewer.TWIN, Viewer.AGENT, Viewer.OPERATOR, Viewer.ANYONE)
    rows = table(language)
    assert len(rows) == len(viewers)
    for viewer, cells in zip(viewers, rows, strict=True):
        seen = visibility.visible(member, viewer)
        told = [seen.name, seen.address, seen.mobile, seen.email, seen.about, ""]
        no = {"fr": "non", "en": "no"}[language]
        assert [cell != no and "pseudo" not in cell for cell in cells] == [bool(x) for x in told]
        assert ("pseudo" in cells[0]) == (viewer is Viewer.TWIN)
    assert seen_street_only(member) == "rue des Lilas"
    assert {one.name for one in fields(visibility.Seen)} == {
        "name", "pseudonym", "address", "mobile", "landline", "email", "about", "interests",
        "tenure", "dwelling",
    }  # fmt: skip


def seen_street_only(member: Member) -> str:
    return visibility.visible(member, Viewer.NEIGHBOUR).address


def table(language: str) -> list[list[str]]:
    """The cells of the table that has seven columns, without the first of each row."""
    source = (FOLDER / "legal" / language / "privacy.md").read_text(encoding="utf-8")
    lines = [line.strip("| ").split(" | ") for line in source.splitlines() if line.startswith("|")]
    return [cells[1:] for cells in lines if len(cells) == 7][1:]


def test_other_services_are_named_when_they_are_used() -> None:
    """A geocoder or tiles of one's own tell nobody anything."""
    own = page("privacy", geo=Geo(geocoder_url="http://127.0.0.1:7878"))
    assert "cherchée auprès" not in own
    partner = PartnerSection(issuer="https://p.example", client_id="t", client_secret="s", label="MiTrust")  # fmt: skip
    shown = page(
        "privacy",
        geo=Geo(
            geocoder_url="https://adresse.example/x", tiles_url="https://tiles.example/{z}/{x}/{y}"
        ),
        partner={"mitrust": partner},
    )
    assert "cherchée auprès de adresse.example" in shown
    assert "viennent de tiles.example" in shown
    assert "domicile par MiTrust" in shown


def test_only_the_cookies_of_the_notice_are_set(house: House) -> None:
    visitor = house.visitor()
    for path in ("/", "/help", "/contact", "/legal/privacy"):
        visitor.get(path)
    visitor.post("/language", language="en")
    names = {cookie.key for cookie in (visitor.client._cookies or {}).values()}
    assert names == {"__Host-form", i18n.COOKIE}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", legal.PAGES)
def test_links_within_the_site_lead_somewhere(house: House, name: str, language: str) -> None:
    visitor = house.visitor(**{"Accept-Language": language})
    main = visitor.get(f"/legal/{name}").text.partition("<main")[2].partition("</main")[0]
    inside = {unescape(link) for link in re.findall(r'href="(/[^"]*)"', main)}
    assert {visitor.get(link).status_code for link in inside} <= {200}
