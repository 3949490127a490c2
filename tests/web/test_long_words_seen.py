"""Words without a break and the longest names: no page is wider than a phone of 320 px."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from community_store.models import (
    Account,
    Community,
    GazetteComment,
    GazetteEntry,
    Member,
    Movement,
    Report,
    Reported,
)
from community_store.profiles import LONGEST_ABOUT, LONGEST_INTEREST, LONGEST_NAME
from dispatch import messaging
from dispatch.messaging import Opening
from tests.web.house import House
from tests.web.seen import EMAIL, SHOTS, SIZES, SMALL

pytestmark = pytest.mark.timeout(300)

FIRST, LAST = "Wilhelmine".ljust(LONGEST_NAME, "m"), "Oberwald".ljust(LONGEST_NAME, "w")
TITLE, TEXT, PLACE = "M" * 80, "W" * 290, "Quartier" + "m" * 52
PICTURES = ("/home", "/gazette/", "/directory", "/reports", "/community")


@pytest.fixture
def street(plain: House) -> House:
    """Odette, a référent, among people and things whose names fill whole lines."""
    world = plain.world
    (odette,) = world.rows(Member, email=EMAIL)
    home = odette.community_id or 0
    (lilas,) = world.rows(Community, id=home)
    world.change(lilas, name=PLACE)
    long = {"first_name": FIRST, "last_name": LAST, "address": f"4 rue {LAST}, 38000 {PLACE}"}
    world.change(odette, referent=True, about="A" * LONGEST_ABOUT, **long)
    for number in range(3):
        world.member(home, about="A" * LONGEST_ABOUT, interests="I" * LONGEST_INTEREST, **long,
                     email=f"{number}{'e' * 60}@{'v' * 60}.example")  # fmt: skip
    world.twin(home, world.community("J" * 60))
    world.add(
        Movement(community_id=home, kind="name", member_id=odette.id, said=FIRST, before=LAST)
    )
    return plain


def people(house: House) -> tuple[Member, Member]:
    """Odette, and a neighbour."""
    (odette,) = house.world.rows(Member, email=EMAIL)
    return odette, house.world.rows(Member, first_name=FIRST)[-1]


def written(house: House) -> list[str]:
    """The pages of what the neighbour wrote: an entry, an alert, a message; of reports on them."""
    world, now = house.world, house.world.clock()
    odette, other = people(house)
    home, author = other.community_id or 0, other.id or 0
    entry = GazetteEntry(
        community_id=home, author_id=author, kind="fete", title=TITLE, text=TEXT,
        created_at=now, expires_at=now + timedelta(days=9),
    )  # fmt: skip
    world.add(entry)
    world.add(GazetteComment(entry_id=entry.id or 0, author_id=author, text=TEXT))
    alert = world.raised(other, TEXT[:200])
    with world.act() as act:
        mine = act.session.get_one(Member, author)
        ids = [one.id or 0 for one in (odette, world.rows(Member, first_name=FIRST)[-2])]
        begun = messaging.begin(act, mine, ids, Opening(TEXT, TITLE)).id
    report = Report(
        kind=Reported.ENTRY, subject_id=entry.id or 0, community_id=home, about_id=author,
        quote=f"{TITLE}\n{TEXT}", why=TEXT, reporter_id=author,
    )  # fmt: skip
    world.add(report)
    return [
        f"/gazette/{entry.id}", f"/report/entry/{entry.id}", f"/alerts/{alert.id}",
        f"/messages/{begun}", f"/messages/{begun}/leave", f"/reports/{report.id}",
        f"/directory/{author}",
    ]  # fmt: skip


def decided(house: House) -> str:
    """The page of a report by which a comment was removed."""
    odette, other = people(house)
    report = Report(
        kind=Reported.COMMENT, subject_id=1, community_id=odette.community_id, about_id=other.id,
        quote=TEXT, why=TEXT, state="done", outcome="suspended", told=TEXT,
        decided_at=house.world.clock(),
    )  # fmt: skip
    house.world.add(report)
    house.world.change(other, state="suspended", suspended_why=TEXT)
    return f"/reports/{report.id}"


def come_in(context: BrowserContext, house: House, site: str, account: Account) -> None:
    """With the second factor, for who needs one."""
    cookie = house.inside(account).client.get_cookie("__Host-tocsin", domain="tocsin.example")
    assert cookie is not None
    context.add_cookies([{"name": "tocsin", "value": cookie.value, "url": site}])


def wide(page: Page, address: str) -> Iterator[str]:
    """What sticks out of a page."""
    answer = page.goto(address)
    assert answer is not None
    assert (answer.status, page.url) == (200, address)
    if page.evaluate("document.documentElement.scrollWidth") > SMALL["width"]:
        yield page.evaluate(
            """() => [...document.querySelectorAll("body *")]
                .filter((one) => one.getBoundingClientRect().right > innerWidth + 1)
                .map((one) => `${one.tagName}.${one.className}`).slice(0, 5).join(" ")"""
        )


def shot(page: Page, path: str) -> None:
    SHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SHOTS / f"long{path.replace('/', '-')}.png", full_page=True)


@pytest.mark.parametrize("who", ["referent", "team"])
def test_nothing_is_wider_than_a_small_phone(
    street: House, site: str, chromium: Browser, who: str
) -> None:
    odette, _ = people(street)
    special = written(street)
    paths = [
        *special, "/home", "/gazette/", "/directory", "/directory/print", "/messages/",
        "/messages/new", "/absence/", "/alerts/", "/reports", "/community", "/community/history",
        "/community/twinning", "/community/settings", "/profile", "/profile/seen", "/referent",
        "/referent/members", "/invite", "/account",
    ]  # fmt: skip
    account = street.account_of(odette, password=False)
    if who == "team":
        account = street.team()
        paths = [
            "/team/reports", f"/team{special[-2]}", "/team/suspended", "/team/reports/decided",
            f"/team{decided(street)}",
        ]  # fmt: skip
    with chromium.new_context(viewport=SIZES["small"], locale="fr-FR") as context:
        come_in(context, street, site, account)
        page, found = context.new_page(), {}
        for path in paths:
            found[path] = list(wide(page, f"{site}{path}"))
            if path in PICTURES or path in special or who == "team":
                shot(page, path)
    assert {path: out for path, out in found.items() if out} == {}
