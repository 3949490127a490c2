"""/alerts: an alert raised, followed, answered and ended on the web, as by SMS."""

from __future__ import annotations

import re

import pytest
from shapely import Point

from community_store.models import (
    Alert,
    AlertState,
    Community,
    Notice,
    Reply,
    ReplyKind,
    Town,
    Wording,
)
from dispatch import alerts, links
from dispatch.alerts import Told, TownVoice
from gateway.contract import Channel
from tests.dispatch.world import INSEE, World
from tests.web.house import words
from tests.web.quarter import ALERT as TEXT
from tests.web.quarter import Quarter


def only_alert(world: World) -> Alert:
    (found,) = world.rows(Alert)
    assert isinstance(found, Alert)
    return found


def test_an_alert_is_read_again_as_neighbours_will_read_it(quarter: Quarter) -> None:
    answer = quarter.browser(quarter.author).post("/alerts/new", text=TEXT)
    page = words(answer)
    assert answer.status_code == 200
    assert "Odette Martin (Les Lilas)" in page
    assert "AB-123-CD" not in page.split("</blockquote>")[0].split("<blockquote")[1]
    assert "Vos voisins : 2 par SMS" in " ".join(
        page.replace("<strong>", "").replace("</strong>", "").split()
    )
    assert quarter.world.rows(Alert) == []


def test_what_is_sent_is_told_as_by_sms(quarter: Quarter) -> None:
    path = quarter.sends(category="vol")
    alert = only_alert(quarter.world)
    assert path == f"/alerts/{alert.id}"
    assert (alert.text, alert.category, alert.author_id) == (TEXT, "vol", quarter.author.id)
    told = quarter.world.told(Channel.SMS, alert)
    assert told == {quarter.neighbour.mobile, quarter.referent.mobile}


def test_a_second_press_sends_nothing_more(quarter: Quarter) -> None:
    assert quarter.sends() == quarter.sends()
    assert len(quarter.world.rows(Alert)) == 1


def test_changing_it_shows_what_was_typed(quarter: Quarter) -> None:
    page = words(quarter.browser(quarter.author).post("/alerts/new", text=TEXT, again="1"))
    assert TEXT in page
    assert quarter.world.rows(Alert) == []


@pytest.mark.parametrize("text", ["", "   ", "🙂"])
def test_an_alert_that_says_nothing_is_not_sent(quarter: Quarter, text: str) -> None:
    visitor = quarter.browser(quarter.author)
    assert visitor.post("/alerts/new", text=text, sure="1").status_code == 422
    assert quarter.world.rows(Alert) == []


@pytest.mark.parametrize(
    ("lat", "lon", "kept"),
    [("45.18", "5.72", True), ("", "", False), ("nan", "5", False), ("1", "1", False)],
)
def test_a_place_is_kept_if_it_is_one(quarter: Quarter, lat: str, lon: str, kept: bool) -> None:
    visitor = quarter.browser(quarter.author)
    answer = visitor.post("/alerts/new", text=TEXT, sure="1", placed="yes", lat=lat, lon=lon)
    assert answer.status_code == (303 if kept else 422)
    assert [(one.lat, one.lon) for one in quarter.world.rows(Alert)] == (
        [(45.18, 5.72)] if kept else []
    )


def test_who_has_no_place_on_the_map_places_an_alert_too(quarter: Quarter) -> None:
    """A member who joined by SMS: the marker begins in the community, and has to be moved."""
    visitor = quarter.browser(quarter.author)
    page = words(visitor.get("/alerts/new"))
    assert "au milieu de votre quartier" in page
    middle = dict(re.findall(r'name="(lat|lon)" value="([^"]+)"', page))
    home = quarter.world.rows(Community, id=quarter.author.community_id)[0]
    assert home.boundary.contains(Point(float(middle["lon"]), float(middle["lat"])))
    said = {"text": TEXT, "placed": "yes"}
    refused = visitor.post("/alerts/new", **said, **middle)
    assert refused.status_code == 422
    assert "Déplacez d'abord le repère" in words(refused)
    moved = {**middle, "lat": f"{float(middle['lat']) + 0.0001:.6f}"}
    visitor.lands(visitor.post("/alerts/new", sure="1", **said, **moved))
    alert = only_alert(quarter.world)
    assert f"{alert.lat:.6f}" == moved["lat"]


def test_the_marker_of_who_has_a_place_begins_at_home(quarter: Quarter) -> None:
    quarter.world.change(quarter.author, lat=45.18, lon=5.72)
    visitor = quarter.browser(quarter.author)
    page = words(visitor.get("/alerts/new"))
    assert "d'abord chez vous" in page
    assert 'name="lat" value="45.18"' in page
    at_home = {"placed": "yes", "lat": "45.18", "lon": "5.72"}
    visitor.lands(visitor.post("/alerts/new", text=TEXT, sure="1", **at_home))


def test_each_reads_what_they_may(quarter: Quarter) -> None:
    quarter.house.world.change(quarter.author, mobile="+33639980042", address="4 rue des Lilas")
    path = quarter.sends(placed="yes", lat="45.18", lon="5.72")
    pages = {
        name: words(quarter.browser(who).get(path))
        for name, who in (
            ("author", quarter.author), ("neighbour", quarter.neighbour), ("twin", quarter.twin),
        )
    }  # fmt: skip
    assert "AB-123-CD" in pages["author"]
    assert "Odette Martin" in pages["neighbour"]
    assert "Mésange" in pages["twin"]
    for name in ("neighbour", "twin"):
        assert "AB-123-CD" not in pages[name]
        assert "06 39 98 00 42" not in pages[name]
        assert "4 rue des Lilas" not in pages[name]
        assert "Qui est prévenu" not in pages[name]
    assert "Odette" not in pages["twin"]
    assert "data-spots" in pages["neighbour"]
    assert "data-spots" not in pages["twin"]
    assert "Qui est prévenu" in pages["author"]
    assert quarter.browser(quarter.stranger).get(path).status_code == 404


def test_the_towns_agent_reads_all_once_it_subscribes(quarter: Quarter) -> None:
    world = quarter.world
    path = quarter.sends()
    agent = quarter.house.inside(quarter.house.account_of(world.agent(email="a@ville.example")))
    assert agent.get(path).status_code == 404
    with world.act() as act:
        act.session.get_one(Town, INSEE).subscribed = True
    page = words(agent.get(path))
    assert "AB-123-CD" in page
    assert (quarter.author.mobile or "?") in page
    assert "Qui est prévenu" in page


def test_a_reply_goes_to_the_author_and_the_referents(quarter: Quarter) -> None:
    path = quarter.sends()
    visitor = quarter.browser(quarter.neighbour)
    visitor.lands(visitor.post(f"{path}/reply", reply="Je l'ai vue aussi", some="1"))
    assert {one.address for one in quarter.world.deliveries() if one.notice_id} == {
        quarter.author.mobile, quarter.referent.mobile,
    }  # fmt: skip
    assert "Je l'ai vue aussi" in words(quarter.browser(quarter.author).get(path))
    assert "Je l'ai vue aussi" not in words(quarter.browser(quarter.twin).get(path))


def test_a_twin_who_answers_is_a_pseudonym_to_those_responsible(quarter: Quarter) -> None:
    path = quarter.sends()
    visitor = quarter.browser(quarter.twin)
    visitor.lands(visitor.post(f"{path}/reply", reply="Je l'ai vue chez nous", some="1"))
    said = [
        wording.sms for wording in quarter.world.rows(Wording) if "chez nous" in (wording.sms or "")
    ]
    assert said
    assert all("Geai" in one and "Paul" not in one for one in said)
    for reader in (quarter.author, quarter.referent):
        page = words(quarter.browser(reader).get(path))
        assert "Je l'ai vue chez nous" in page
        assert "Geai" in page
        assert "Paul" not in page


@pytest.mark.parametrize("said", [{"reply": "Par ici", "all": "1"}, {"more": "Par ici"}])
def test_a_twin_does_not_speak_to_all(quarter: Quarter, said: dict[str, str]) -> None:
    path = quarter.sends()
    quarter.world.pump()
    assert quarter.browser(quarter.twin).post(f"{path}/reply", **said).status_code == 404
    assert quarter.world.rows(Notice) == []


def test_a_reply_to_all_goes_once_to_everybody_else(quarter: Quarter) -> None:
    path = quarter.sends()
    quarter.world.pump()
    visitor = quarter.browser(quarter.neighbour)
    visitor.lands(visitor.post(f"{path}/reply", reply="Elle part vers la gare", all="1", sure="1"))
    notices = [one for one in quarter.world.deliveries() if one.notice_id]
    by_sms = [one.address for one in notices if one.channel == Channel.SMS]
    assert sorted(by_sms) == sorted(map(str, [quarter.author.mobile, quarter.referent.mobile]))
    assert [one.kind for one in quarter.world.rows(Notice)] == ["followup", "followup"]
    twin = words(quarter.browser(quarter.twin).get(path))
    assert "Elle part vers la gare" in twin
    assert "Jean" not in twin
    assert "Pinson" in twin


def test_who_tells_everybody_reads_first_what_and_how_many(quarter: Quarter) -> None:
    path = quarter.sends()
    quarter.world.pump()
    said = {"reply": "AB-123-CD part vers la gare", "all": "1"}
    visitor = quarter.browser(quarter.neighbour)
    page = words(visitor.post(f"{path}/reply", **said))
    shown = page.split('sample said">')[1].split("</blockquote>")[0]
    assert "suite de l'alerte" in shown
    assert "Jean Petit (Les Lilas)" in shown
    assert "part vers la gare" in shown
    assert "AB-123-CD" not in shown
    assert "2 personnes recevront" in page
    assert quarter.world.rows(Notice) == []
    assert quarter.world.rows(Reply) == []
    again = visitor.post(f"{path}/reply", again="1", **said)
    assert again.status_code == 200
    assert "AB-123-CD part vers la gare</textarea>" in words(again)
    visitor.lands(visitor.post(f"{path}/reply", sure="1", **said))
    told = {one.address for one in quarter.world.deliveries() if one.notice_id}
    assert told == {quarter.author.mobile, quarter.referent.mobile}


def test_what_the_author_adds_is_shown_first_too(quarter: Quarter) -> None:
    path = quarter.sends()
    visitor = quarter.browser(quarter.author)
    page = words(visitor.post(f"{path}/reply", more="Ils sont partis"))
    assert "Personne d'autre n'a encore reçu" in page
    quarter.world.pump()
    page = words(visitor.post(f"{path}/reply", more="Ils sont partis"))
    assert "2 personnes recevront" in page
    assert quarter.world.rows(Reply) == []


def test_what_is_over_is_not_asked_about(quarter: Quarter) -> None:
    path = quarter.sends()
    visitor = quarter.browser(quarter.author)
    visitor.lands(visitor.post(f"{path}/end", sure="1"))
    answer = visitor.get(visitor.lands(visitor.post(f"{path}/reply", more="Ils sont partis")))
    assert "déjà terminée" in words(answer)


def test_one_confirms_once(quarter: Quarter) -> None:
    path = quarter.sends()
    visitor = quarter.browser(quarter.neighbour)
    for _ in range(2):
        visitor.lands(visitor.post(f"{path}/seen"))
    assert only_alert(quarter.world).acknowledged == 1
    assert [one.kind for one in quarter.world.rows(Reply)] == [ReplyKind.ACKNOWLEDGEMENT]
    assert "1 personne a confirmé" in words(visitor.get(path))


def test_raised_on_the_web_it_is_ended_by_sms(quarter: Quarter) -> None:
    path = quarter.sends()
    assert quarter.author.mobile
    assert quarter.world.text(quarter.author.mobile, f"FIN {path.rpartition('/')[2]}") == "end"
    assert "L'alerte est terminée" in words(quarter.browser(quarter.neighbour).get(path))


def test_raised_by_sms_it_is_ended_on_the_web(quarter: Quarter) -> None:
    assert quarter.author.mobile
    assert quarter.world.text(quarter.author.mobile, TEXT) == "alert"
    quarter.world.pump()
    path = f"/alerts/{only_alert(quarter.world).id}"
    visitor = quarter.browser(quarter.author)
    visitor.lands(visitor.post(f"{path}/end", ending="Arrêtés", sure="1"))
    quarter.world.pump()
    assert quarter.neighbour.mobile
    assert "Arretés" in quarter.world.phone(quarter.neighbour.mobile)[-1]
    page = words(quarter.browser(quarter.neighbour).get(path))
    assert "Arrêtés" in page, "whoever reads the page knows what those told know"
    assert page.count("Odette Martin") == 2
    assert "Odette" not in words(quarter.browser(quarter.twin).get(path))


@pytest.mark.parametrize("said", ["Ils sont partis", ""])
def test_the_words_of_an_end_by_sms_stand_on_its_page(quarter: Quarter, said: str) -> None:
    path = quarter.sends()
    assert quarter.author.mobile
    fin = f"FIN {path.rpartition('/')[2]} {said}".strip()
    assert quarter.world.text(quarter.author.mobile, fin) == "end"
    page = words(quarter.browser(quarter.neighbour).get(path))
    assert ("Ils sont partis" in page) == bool(said)
    assert len(quarter.world.rows(Reply)) == bool(said)


def test_a_false_alarm_is_confirmed_first(quarter: Quarter) -> None:
    path = quarter.sends()
    visitor = quarter.browser(quarter.author)
    assert "fausse alerte" in words(visitor.get(f"{path}/withdraw"))
    assert only_alert(quarter.world).state == AlertState.OPEN
    visitor.lands(visitor.post(f"{path}/withdraw"))
    assert only_alert(quarter.world).state == AlertState.WITHDRAWN
    answer = visitor.get(visitor.lands(visitor.post(f"{path}/end", sure="1")))
    assert "déjà terminée" in words(answer)


def test_who_ends_it_learns_first_how_many_will_be_told(quarter: Quarter) -> None:
    path = quarter.sends()
    page = words(quarter.browser(quarter.author).post(f"{path}/end", ending="Arrêtés"))
    assert "Les 3 personnes prévenues sauront" in page or "Les 2 personnes prévenues" in page
    assert "Arrêtés" in page
    assert only_alert(quarter.world).state == AlertState.OPEN


def test_a_held_alert_is_dropped_once_that_is_confirmed(quarter: Quarter) -> None:
    for n in range(5):
        quarter.sends(f"{TEXT}, encore {n}")
    path, referent = quarter.sends("Une de trop"), quarter.browser(quarter.referent)
    assert "Une de trop" in words(referent.post(f"{path}/release", answer="no"))
    assert only_of(quarter.world, AlertState.HELD)
    referent.post(f"{path}/release", answer="no", sure="1")
    assert not only_of(quarter.world, AlertState.HELD)


@pytest.mark.parametrize("what", ["end", "withdraw", "called"])
def test_a_neighbour_cannot_close_anothers_alert(quarter: Quarter, what: str) -> None:
    path = quarter.sends()
    for who in (quarter.neighbour, quarter.twin, quarter.stranger):
        assert quarter.browser(who).post(f"{path}/{what}").status_code == 404
    assert only_alert(quarter.world).state == AlertState.OPEN
    assert not only_alert(quarter.world).called


def test_a_held_alert_is_for_those_who_answer_for_it(quarter: Quarter) -> None:
    for n in range(5):
        quarter.sends(f"{TEXT}, encore {n}")
    path = quarter.sends("Une de trop")
    assert only_of(quarter.world, AlertState.HELD)
    assert quarter.browser(quarter.neighbour).get(path).status_code == 404
    assert quarter.browser(quarter.author).post(f"{path}/release", answer="yes").status_code == 404
    referent = quarter.browser(quarter.referent)
    page = words(referent.get(path))
    assert "attend votre accord" in page
    assert "Qui sera prévenu si elle part" in page
    assert "Qui est prévenu" not in page, "nobody is, yet"
    assert f'action="{path}/end"' not in page, "the two answers are enough"
    assert f"{path}/withdraw" in words(quarter.browser(quarter.author).get(path))
    referent.lands(referent.post(f"{path}/release", answer="yes"))
    assert not only_of(quarter.world, AlertState.HELD)
    assert quarter.browser(quarter.neighbour).get(path).status_code == 200


@pytest.mark.parametrize("how", ["dropped", "end", "withdraw"])
def test_what_was_held_to_its_end_is_read_by_nobody_else(quarter: Quarter, how: str) -> None:
    """Whoever drops it is told that nobody will know of it."""
    for n in range(5):
        quarter.sends(f"{TEXT}, encore {n}")
    path, author = quarter.sends("Une de trop"), quarter.browser(quarter.author)
    if how == "dropped":
        quarter.browser(quarter.referent).post(f"{path}/release", answer="no", sure="1")
    else:
        author.lands(author.post(f"{path}/{how}", sure="1"))
    assert not only_of(quarter.world, AlertState.HELD)
    for who in (quarter.neighbour, quarter.twin):
        browser = quarter.browser(who)
        assert browser.get(path).status_code == 404
        assert browser.get(f"{path}/live").status_code == 404
        assert "Une de trop" not in words(browser.get("/alerts/"))
    address = links.alert_address(quarter.world.settings, int(path.rpartition("/")[2]))
    assert quarter.house.visitor().get(f"/a/{address.rpartition('/')[2]}").status_code == 404
    for who in (quarter.author, quarter.referent):
        assert quarter.browser(who).get(path).status_code == 200


def only_of(world: World, state: AlertState) -> list[Alert]:
    return world.rows(Alert, state=state)


def test_the_living_part_stops_when_the_alert_is_over(quarter: Quarter) -> None:
    path = quarter.sends()
    visitor = quarter.browser(quarter.neighbour)
    assert visitor.get(f"{path}/live").status_code == 200
    author = quarter.browser(quarter.author)
    author.lands(author.post(f"{path}/end", sure="1"))
    last = visitor.get(f"{path}/live")
    assert last.status_code == 286
    assert "terminée" in words(last)
    assert "hx-get" not in visitor.get(path).text


def test_whoever_was_signed_out_is_sent_to_the_whole_page(quarter: Quarter) -> None:
    path = quarter.sends()
    visitor = quarter.house.visitor(**{"HX-Request": "true"})
    answer = visitor.get(f"{path}/live")
    assert answer.status_code == 401
    assert answer.headers["HX-Refresh"] == "true"


def test_the_archive_has_ones_own_quarter_its_twins_and_the_town(quarter: Quarter) -> None:
    world = quarter.world
    quarter.sends(category="vol")
    with world.act() as act:
        town = act.session.get_one(Town, INSEE)
        town.subscribed = True
        alerts.raise_town(act, town, Told("Orage ce soir"), TownVoice())
    for who, count in ((quarter.neighbour, 2), (quarter.twin, 2), (quarter.stranger, 1)):
        page = words(quarter.browser(who).get("/alerts/"))
        assert page.count("alert-head") == count, who.first_name
    visitor = quarter.browser(quarter.neighbour)
    assert words(visitor.get("/alerts/?category=vol")).count("alert-head") == 1
    assert "Aucune alerte ne correspond" in words(visitor.get("/alerts/?state=over"))
    assert (
        words(visitor.get("/alerts/?category=nonsense&page=99999999999")).count("alert-head") == 2
    )


def test_a_suspended_member_who_is_an_agent_speaks_as_the_agent(quarter: Quarter) -> None:
    quarter.sends()
    world = quarter.world
    world.change(quarter.neighbour, state="suspended")
    assert quarter.browser(quarter.neighbour).get("/alerts/").status_code == 403


def test_what_the_author_adds_is_for_all(quarter: Quarter) -> None:
    path = quarter.sends()
    quarter.world.pump()
    visitor = quarter.browser(quarter.author)
    visitor.lands(visitor.post(f"{path}/reply", more="Ils sont partis", sure="1"))
    quarter.world.pump()
    assert "Ils sont partis" in quarter.world.phone(quarter.neighbour.mobile or "")[-1]
    assert visitor.post(f"{path}/reply", more=" ").status_code == 422


def test_the_address_in_a_message_leads_a_neighbour_to_the_whole_page(quarter: Quarter) -> None:
    from dispatch import links

    path = quarter.sends()
    alert = only_alert(quarter.world)
    site = quarter.world.settings.service.site
    sent = links.alert_address(quarter.world.settings, alert.id or 0).removeprefix(site)
    visitor = quarter.browser(quarter.neighbour)
    assert visitor.lands(visitor.get(sent)) == path
    assert quarter.browser(quarter.stranger).get(sent).status_code == 200
