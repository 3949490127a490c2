"""The surface of /simulator: what programs and the page ask of it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlmodel import select

from community_store.models import InboundText, Stop
from tests.web.conftest import Village, letter

ODETTE, KARIM = "+33639980101", "+33639980102"


def texts(village: Village) -> list[tuple[str, str, str, str]]:
    with village.store.read() as session:
        rows = session.exec(select(InboundText).order_by("id")).all()
    return [(row.gateway, row.sender, row.recipient, row.text) for row in rows]


def test_a_text_from_a_handset_comes_in_as_from_a_gateway_and_shows_on_it(village: Village) -> None:
    answer = village.client.post(
        f"/simulator/handsets/{ODETTE}", json={"text": "Bruit rue des Lilas"}
    )
    assert answer.status_code == 201
    assert texts(village) == [("simulator", ODETTE, "38000", "Bruit rue des Lilas")]
    shown = village.client.get(f"/simulator/handsets/{ODETTE}").get_json()["messages"]
    assert [{**message, "at": ""} for message in shown] == [
        {
            "direction": "out",
            "peer": "38000",
            "text": "Bruit rue des Lilas",
            "segments": 1,
            "at": "",
        }
    ]
    assert shown[0]["at"]


def test_the_number_texted_can_be_named(village: Village) -> None:
    answer = village.client.post(
        f"/simulator/handsets/{ODETTE}", json={"to": "38000", "text": "Bruit"}
    )
    assert answer.status_code == 201
    assert texts(village)[0][2] == "38000"


def test_a_handset_receives_oldest_first(village: Village) -> None:
    village.phones.receive(KARIM, "38000", "un", segments=1, delivery=1, attempt=1)
    village.phones.receive(KARIM, "38000", "deux", segments=1, delivery=2, attempt=1)
    shown = village.client.get(f"/simulator/handsets/{KARIM}").get_json()["messages"]
    assert [(m["direction"], m["text"]) for m in shown] == [("in", "un"), ("in", "deux")]


@pytest.mark.parametrize(
    ("handset", "document"),
    [
        ("abc", {"text": "Bruit"}),
        ("+33", {"text": "Bruit"}),
        (ODETTE, {"text": ""}),
        (ODETTE, {"text": " \n "}),
        (ODETTE, {"text": "x" * 1601}),
        (ODETTE, {"text": 5}),
        (ODETTE, {}),
        (ODETTE, ["text"]),
        (ODETTE, {"to": "39999", "text": "Bruit"}),
    ],
)
def test_what_no_telephone_could_send_is_refused_and_leaves_nothing(
    village: Village, handset: str, document: object
) -> None:
    answer = village.client.post(f"/simulator/handsets/{handset}", json=document)
    assert answer.status_code == 400
    assert answer.get_json()["error"]
    assert texts(village) == []
    assert village.phones.since(0) == []


def test_a_body_that_is_no_json_is_refused(village: Village) -> None:
    answer = village.client.post(
        f"/simulator/handsets/{ODETTE}", data=b"{", content_type="application/json"
    )
    assert answer.status_code == 400


def test_a_form_on_another_site_cannot_text(village: Village) -> None:
    answer = village.client.post(
        f"/simulator/handsets/{ODETTE}",
        data={"text": "STOP"},
        headers={"Sec-Fetch-Site": "cross-site"},
    )
    assert answer.status_code == 403
    assert texts(village) == []


def test_without_a_script_the_form_texts_and_comes_back_to_the_same_handset(
    village: Village,
) -> None:
    answer = village.client.post(
        f"/simulator/handsets/{ODETTE}", data={"text": "Bruit", "who": "m1", "lang": "en"}
    )
    assert answer.status_code == 303
    assert answer.headers["Location"] == "/simulator?who=m1&lang=en#phone"
    page = village.client.get("/simulator?who=m1&lang=en").get_data(as_text=True)
    assert "<p>Bruit</p>" in page


def test_the_mail_is_listed_the_newest_last(village: Village) -> None:
    letter(village, "d1.a1", "Karim <karim.benali@voisins.example>")
    letter(village, "d2.a1", "lucie.fontaine@voisins.example", "Alerte 2")
    shown = village.client.get("/simulator/mail").get_json()
    assert [(m["to"], m["subject"]) for m in shown] == [
        ("karim.benali@voisins.example", "Alerte 1"),
        ("lucie.fontaine@voisins.example", "Alerte 2"),
    ]
    assert shown[0]["text"] == "Camionnette blanche, près de l'école"
    assert shown[0].keys() == {"to", "subject", "text", "at"}


def test_the_feed_tells_each_event_after_its_cursor(village: Village) -> None:
    village.phones.receive(KARIM, "38000", "un", segments=1, delivery=1, attempt=1)
    first = village.client.get("/simulator/feed?after=0.0").get_json()
    assert [(e["channel"], e["address"]) for e in first["events"]] == [("sms", KARIM)]
    letter(village, "d9.a1", "karim.benali@voisins.example")
    second = village.client.get(f"/simulator/feed?after={first['cursor']}").get_json()
    assert [(e["channel"], e["address"]) for e in second["events"]] == [
        ("email", "karim.benali@voisins.example")
    ]


@pytest.mark.parametrize("cursor", ["", "x", "1", "-1.5", "999999999999999999999.1", "²."])
def test_an_unreadable_cursor_is_no_error(village: Village, cursor: str) -> None:
    assert village.client.get("/simulator/feed", query_string={"after": cursor}).status_code == 200


def test_the_page_shows_everybody_with_what_their_rows_say(village: Village) -> None:
    page = village.client.get("/simulator").get_data(as_text=True)
    for words in ("Odette Marchand", "82 ans", "Karim Benali", "référent", "numéro caché",
                  "compte en attente", "a dit STOP", "Sylvie Martel", "Numéro inconnu",
                  "jumelé avec Le Vieux Moulin", "la mairie participe"):  # fmt: skip
        assert words in page


def test_a_stop_shows_at_once(village: Village) -> None:
    with village.store.begin() as session:
        session.add(Stop(address=KARIM, channel="sms"))
    page = village.client.get("/simulator/people/m2").get_data(as_text=True)
    assert "Karim Benali" in page
    whole = village.client.get("/simulator").get_data(as_text=True)
    assert whole.count("badge-stop") == 3


def test_texts_are_shown_as_text(village: Village) -> None:
    village.phones.receive(
        KARIM, "38000", "<script>alert(1)</script>", segments=1, delivery=1, attempt=1
    )
    page = village.client.get("/simulator?who=m2").get_data(as_text=True)
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)" in page


def test_an_unknown_person_is_not_found(village: Village) -> None:
    assert village.client.get("/simulator/people/m999").status_code == 404


def test_the_page_runs_no_inline_code(village: Village) -> None:
    answer = village.client.get("/simulator")
    assert "script-src 'self'" in answer.headers["Content-Security-Policy"]
    page = answer.get_data(as_text=True)
    assert "style=" not in page
    assert "onclick" not in page
    assert page.count("<script") == 1


SURFACE = ("/simulator", "/simulator/feed", "/simulator/mail", f"/simulator/handsets/{ODETTE}")


ELSEWHERE = {"REMOTE_ADDR": "192.0.2.7"}


@pytest.mark.parametrize("path", SURFACE)
@pytest.mark.parametrize("proxied", [True, False])
def test_nobody_elsewhere_finds_it_where_the_site_is_public(
    make_village: Callable[..., Village], path: str, *, proxied: bool
) -> None:
    village = make_village(service={"site": "https://alerte.example"})
    if proxied:
        answer = village.client.get(path, headers={"X-Forwarded-For": "192.0.2.7"})
    else:
        answer = village.client.get(path, environ_overrides=ELSEWHERE)
    assert answer.status_code == 404


@pytest.mark.parametrize("path", SURFACE)
@pytest.mark.parametrize("how", ["elsewhere", "another name", "real gateway"])
def test_it_is_shut_to_all_but_this_machine(
    make_village: Callable[..., Village], path: str, how: str
) -> None:
    """Also with the site of a fresh installation, which is this machine."""
    site = "https://alerte.example" if how == "real gateway" else "http://127.0.0.1:8000"
    kannel = {"type": "kannel", "sendsms_url": "http://127.0.0.1:1", "username": "u",
              "password": "p", "token": "t"}  # fmt: skip
    gateways = {"simulator": {"type": "simulator"}}
    gateways |= {"kannel": kannel} if how == "real gateway" else {}
    village = make_village(service={"site": site}, gateway=gateways)
    caller = ELSEWHERE if how == "elsewhere" else {}
    named = {"Host": "evil.example"} if how == "another name" else {}
    answer = village.client.get(path, environ_overrides=caller, headers=named)
    assert answer.status_code == 404
    said = {"from": ODETTE, "to": "38000", "text": "Au feu", "id": "1"}
    forged = village.client.post(
        "/webhooks/simulator/sms", json=said, environ_overrides=caller, headers=named
    )
    assert forged.status_code == (200 if how == "real gateway" else 403)


def test_this_machine_finds_it_whatever_the_site_is(make_village: Callable[..., Village]) -> None:
    village = make_village(service={"site": "https://alerte.example"})
    assert village.client.get("/simulator").status_code == 200


def test_it_exists_where_the_operator_opened_it(make_village: Callable[..., Village]) -> None:
    village = make_village(
        service={"site": "https://alerte.example"}, security={"simulator_public": True}
    )
    assert village.client.get("/simulator", environ_overrides=ELSEWHERE).status_code == 200


@pytest.mark.parametrize("path", SURFACE)
def test_it_does_not_exist_without_a_simulator(
    make_village: Callable[..., Village], path: str
) -> None:
    kannel = {"type": "kannel", "sendsms_url": "http://127.0.0.1:1", "username": "u",
              "password": "p", "token": "t"}  # fmt: skip
    village = make_village(gateway={"kannel": kannel})
    assert village.client.get(path).status_code == 404
