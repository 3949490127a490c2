"""A landline on the page of handsets: what was said, keys, and leaving it to ring."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlmodel import select

from community_store import optouts
from community_store.models import Alert, Member
from dispatch import alerts, pump
from dispatch.act import Act
from dispatch.alerts import Told
from dispatch.runtime import Runtime
from gateway.contract import Channel
from tests.dispatch.world import FreeSlots
from tests.web.conftest import Village

JEANNE, NADIA, ODETTE = "+33465710106", "+33465710112", "+33639980101"


def runtime(village: Village) -> Runtime:
    found = village.app.extensions["tocsin"]
    assert isinstance(found, Runtime)
    return found


def warn(village: Village, text: str = "Fumée rue des Lilas") -> Alert:
    """Odette warns her neighbours, and everything due goes out."""
    with village.store.begin() as session:
        author = session.exec(select(Member).where(Member.mobile == ODETTE)).one()
        act = Act(session, village.settings, runtime(village).clock())
        alert = alerts.raise_resident(act, author, Told(text)).alert
    with ThreadPoolExecutor(1) as own:  # the browser's event loop holds this thread
        own.submit(pump.run, runtime(village), FreeSlots(), 10).result()
    return alert


def calls(village: Village, phone: str = JEANNE) -> list[dict[str, object]]:
    answer = village.client.get(f"/simulator/handsets/{phone}").get_json()
    return list(answer["messages"])


def tell(
    village: Village, told: dict[str, object], phone: str = JEANNE
) -> tuple[int, dict[str, object]]:
    answer = village.client.post(f"/simulator/handsets/{phone}", json=told)
    return answer.status_code, answer.get_json()


def acknowledged(village: Village) -> int:
    with village.store.read() as session:
        return session.exec(select(Alert.acknowledged)).one()


def test_a_call_is_a_message_of_its_kind(village: Village) -> None:
    warn(village)
    [call] = calls(village)
    assert (call["kind"], call["direction"], call["peer"]) == ("call", "in", "+33465710999")
    assert (call["answered"], call["segments"], call["language"]) == (True, 0, "fr")
    assert str(call["text"]).count("Fumée rue des Lilas") == 2
    assert "tapez 1" in str(call["text"])
    assert call["at"]


def test_key_1_confirms_and_says_thank_you(village: Village) -> None:
    warn(village)
    status, said = tell(village, {"key": "1"})
    assert (status, said) == (200, {"said": "Merci, c'est noté. Au revoir.", "language": "fr"})
    assert acknowledged(village) == 1
    [call] = calls(village)
    assert (call["key"], call["answer"]) == ("1", "Merci, c'est noté. Au revoir.")


def test_key_9_ends_the_calls(village: Village) -> None:
    warn(village)
    assert tell(village, {"key": "9"})[0] == 200
    with village.store.read() as session:
        assert optouts.stopped(session, JEANNE, Channel.VOICE)
    warn(village, "Encore de la fumée")
    assert len(calls(village)) == 1
    assert len(calls(village, NADIA)) == 2


def test_a_telephone_left_to_ring_hears_nothing(village: Village) -> None:
    assert tell(village, {"answers": False}) == (200, {"answers": False})
    warn(village)
    [call] = calls(village)
    assert (call["answered"], call["text"]) == (False, "")
    assert tell(village, {"key": "1"})[0] == 400
    assert acknowledged(village) == 0


@pytest.mark.parametrize("told", [{"key": "A"}, {"key": ""}, {"key": "11"}, {"key": None}])
def test_what_is_no_key_is_refused(village: Village, told: dict[str, object]) -> None:
    warn(village)
    assert tell(village, told)[0] == 400
    assert tell(village, {"key": "1"}, "+33465719998")[0] == 400


def test_the_feed_tells_calls_from_texts(village: Village) -> None:
    warn(village)
    events = village.client.get("/simulator/feed").get_json()["events"]
    channels = {(e["address"], e["channel"]) for e in events}
    assert (JEANNE, "voice") in channels
    assert (JEANNE, "sms") not in channels


def test_it_works_without_a_script(village: Village) -> None:
    warn(village)
    form = {"key": "1", "who": "m1", "lang": "fr"}
    answer = village.client.post(f"/simulator/handsets/{JEANNE}", data=form)
    assert answer.status_code == 303
    assert acknowledged(village) == 1
    assert (
        village.client.post(f"/simulator/handsets/{JEANNE}", data={"answers": "no"}).status_code
        == 303
    )
    assert not village.phones.answers(JEANNE)


@pytest.fixture
def telephone(village: Village, address: str, chromium: Browser) -> Iterator[Page]:
    """Jeanne's telephone after an alert, as a visitor sees it."""
    warn(village)
    context = chromium.new_context(locale="fr-FR", viewport={"width": 1280, "height": 900})
    errors: list[str] = []
    page = context.new_page()
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(address)
    page.get_by_role("link", name="Jeanne Perrin").click()
    expect(page.locator(".call")).to_have_count(1)
    yield page
    context.close()
    assert errors == []


def test_the_telephone_shows_and_speaks_what_was_said(
    village: Village, telephone: Page, request: pytest.FixtureRequest
) -> None:
    page = telephone
    expect(page.locator(".call")).to_contain_text("Je répète.")
    expect(page.get_by_role("button", name="Écouter")).to_be_visible()
    page.evaluate(
        "window.heard = []; speechSynthesis.speak = (w) => window.heard.push([w.lang, w.text]); null"
    )
    page.get_by_role("button", name="Écouter").click()
    heard = page.evaluate("window.heard")
    assert [language for language, _ in heard] == ["fr-FR"] * 3
    assert heard[1][1].startswith("Je répète.")
    folder = request.config.rootpath / "artefacts"
    page.screenshot(path=folder / "landline.png")
    page.get_by_role("button", name="J'ai entendu").click()
    expect(page.locator(".pressed")).to_contain_text("Merci, c'est noté.")
    assert page.evaluate("window.heard").pop()[1] == "Merci, c'est noté. Au revoir."
    page.screenshot(path=folder / "landline-key.png")
    assert acknowledged(village) == 1
    page.get_by_role("button", name="Ne plus décrocher").click()
    expect(page.get_by_role("button", name="Décrocher de nouveau")).to_be_visible()
    assert not village.phones.answers(JEANNE)
    expect(page.locator('.person[aria-current="true"] .fate')).to_contain_text("appel")
