"""How many SMS an alert takes is counted while one writes as it will be counted when it leaves."""

from __future__ import annotations

from playwright.sync_api import Browser, expect

from gateway import sms_text
from tests.web.house import House
from tests.web.seen import SIZES, enter
from tests.web.test_alerts_seen import odette

HEAD = "Tocsin alerte 2, 15h52, Lucie (Les Lilas) : "
TEXTS = (
    "La fenêtre du 4 est forcée, l’œil… « vite » – à l'aide",
    "Deux hommes 😱 devant le garage 🔥🔥",
    "😱",
    "Ils partent\r\n🔥\nvers la gare\t!",
    "Привет",
    "Привет 😱 œ",
    "e\u0301te\u0301",
    "⅓ ﬁn ①",
    "a" * 150 + "ê" * 20,
)
LETTERS = tuple(
    chr(code)
    for reach in ((0x20, 0x180), (0x2B0, 0x2C0), (0x391, 0x3CA), (0x2010, 0x2070), (0x2190, 0x2200))
    for code in range(*reach)
    if not 0x7F <= code < 0xA0
)


def test_the_counter_makes_a_text_as_plain_as_the_service_does(
    plain: House, site: str, chromium: Browser
) -> None:
    page = chromium.new_page()
    page.goto(f"{site}/help")
    written = page.evaluate(
        """async ([head, texts]) => {
            const { joined } = await import("/static/plain.js");
            return texts.map((text) => joined(head, text));
        }""",
        [HEAD, [*TEXTS, *LETTERS]],
    )
    page.close()
    ours = [sms_text.fit(HEAD, text, "", more="", limit=9) for text in (*TEXTS, *LETTERS)]
    assert dict(zip([*TEXTS, *LETTERS], written, strict=True)) == dict(
        zip([*TEXTS, *LETTERS], ours, strict=True)
    )


def test_accents_and_emoji_that_are_sent_plain_cost_nothing_in_the_form(
    plain: House, site: str, chromium: Browser
) -> None:
    context = chromium.new_context(viewport=SIZES["small"], locale="fr-FR")
    enter(context, plain, site, plain.account_of(odette(plain)))
    page = context.new_page()
    page.goto(f"{site}/alerts/new")
    page.get_by_label("Ce que vous voyez").fill(
        "La fenêtre du 4 rue des Lilas est forcée, l’alarme sonne… 😱"
    )
    expect(page.locator("[data-counts]")).to_contain_text("un seul SMS")
    context.close()
