"""Who hears an alert, by which channel, in whose words (A2)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from community_store.errors import RuleError
from community_store.models import MemberState, Topic
from dispatch.wording import phone
from gateway.contract import Channel
from tests.dispatch.world import INSEE, World, addresses, mobile

pytestmark = pytest.mark.both

SMS, EMAIL = Channel.SMS, Channel.EMAIL


def test_neighbours_hear_by_sms_and_mail_and_the_author_does_not(world: World) -> None:
    home = world.community()
    world.number()
    author = world.member(home, email="author@residents.example")
    both = world.member(home, email="both@residents.example")
    phone_only = world.member(home)
    mail_only = world.member(home, mobile=None, email="mail@residents.example")
    landline_only = world.member(home, mobile=None, landline="+33199000001")
    raised = world.raise_alert(author)
    assert world.told(SMS, raised.alert) == addresses([both, phone_only])
    assert world.told(EMAIL, raised.alert) == {both.email, mail_only.email}
    assert landline_only.landline not in world.told(SMS, raised.alert)
    assert (raised.heard.neighbours, raised.heard.twins, raised.heard.agents) == (3, 0, 0)


def test_other_communities_do_not_hear(world: World) -> None:
    home, elsewhere = world.community(), world.community("Les Tilleuls")
    world.number()
    author, neighbour = world.members(home, 2)
    world.member(elsewhere, email="far@residents.example")
    world.member(None, email="nowhere@residents.example")
    alert = world.raised(author)
    assert world.told(SMS, alert) == addresses([neighbour])
    assert world.told(EMAIL, alert) == set()


def test_twins_hear_by_mail_only_and_know_the_pseudonym_only(world: World) -> None:
    home, twin, third = (world.community(name) for name in ("A", "B", "C"))
    world.twin(home, twin)
    world.twin(twin, third)
    world.number()
    author = world.member(home, first_name="Zoé", last_name="Canari", pseudonym="Rouge-gorge 7")
    world.member(twin, email="twin@residents.example")
    world.member(third, email="third@residents.example")
    raised = world.raise_alert(author)
    assert world.told(SMS, raised.alert) == set()
    assert world.told(EMAIL, raised.alert) == {"twin@residents.example"}
    assert raised.heard.twins == 1
    words = world.said(world.delivery())
    seen = words.sms + words.subject + words.mail
    assert "Rouge-gorge 7" in words.mail
    for secret in ("Zoé", "Canari", phone(author.mobile), author.mobile or "", author.address):
        assert secret not in seen


@pytest.mark.parametrize("twinned_first", [True, False])
def test_twinning_works_both_ways(world: World, twinned_first: bool) -> None:
    one, other = world.community("A"), world.community("B")
    world.twin(one, other)
    home, twin = (one, other) if twinned_first else (other, one)
    author = world.member(home)
    world.member(twin, email="twin@residents.example")
    assert world.heard(author).twins == 1


def test_agents_hear_with_name_number_and_address(world: World) -> None:
    world.town(subscribed=True)
    home = world.community()
    world.number()
    author = world.member(home, first_name="Zoé", last_name="Canari", hide_mobile=True)
    agent = world.agent(email="police@town.example")
    raised = world.raise_alert(author)
    assert world.told(SMS, raised.alert) == addresses([agent])
    assert world.told(EMAIL, raised.alert) == {"police@town.example"}
    assert raised.heard.agents == 1
    for delivery in world.deliveries():
        words = world.said(delivery)
        for fact in ("Zoé Canari", phone(author.mobile), author.address):
            assert fact in words.mail
            assert fact in words.sms


def test_agents_of_other_or_unsubscribed_towns_do_not_hear(world: World) -> None:
    world.town("38421", subscribed=True)
    home = world.community()  # in a town that is not subscribed
    world.number()
    world.agent(INSEE, email="mine@town.example")
    world.agent("38421", email="other@town.example")
    raised = world.raise_alert(world.member(home))
    assert raised.heard.agents == 0
    assert world.deliveries() == []


def test_hidden_numbers_receive_and_are_never_shown(world: World) -> None:
    home = world.community()
    world.number()
    author = world.member(home, hide_mobile=True)
    hidden = world.member(home, hide_mobile=True, hide_landline=True)
    alert = world.raised(author)
    assert world.told(SMS, alert) == addresses([hidden])
    words = world.said(world.delivery())
    assert phone(author.mobile) not in words.sms + words.mail
    assert author.address not in words.sms + words.mail


@pytest.mark.parametrize("state", [MemberState.PENDING, MemberState.SUSPENDED, MemberState.CLOSED])
def test_only_active_members_hear(world: World, state: MemberState) -> None:
    home, twin = world.community("A"), world.community("B")
    world.twin(home, twin)
    world.number()
    author = world.member(home)
    world.member(home, state=state, email="home@residents.example")
    world.member(twin, state=state, email="twin@residents.example")
    heard = world.heard(author)
    assert (heard.neighbours, heard.twins) == (0, 0)
    assert world.deliveries() == []


def test_a_stop_holds_for_its_channel_only(world: World) -> None:
    home = world.community()
    world.number()
    author, neighbour = world.member(home), world.member(home, email="ana@residents.example")
    world.stop(neighbour.mobile or "")
    alert = world.raised(author)
    assert world.told(SMS, alert) == set()
    assert world.told(EMAIL, alert) == {"ana@residents.example"}


@pytest.mark.parametrize("muted", [SMS, EMAIL])
def test_a_topic_turned_off_holds_for_its_channel_only(world: World, muted: Channel) -> None:
    home = world.community()
    world.number()
    author, neighbour = world.member(home), world.member(home, email="ana@residents.example")
    world.mute(neighbour, Topic.ALERT, muted)
    world.mute(neighbour, Topic.GAZETTE, SMS)
    alert = world.raised(author)
    assert {row.channel for row in world.deliveries(alert_id=alert.id)} == {SMS, EMAIL} - {muted}


def test_twins_turn_off_twins_not_alerts(world: World) -> None:
    home, twin = world.community("A"), world.community("B")
    world.twin(home, twin)
    author = world.member(home)
    deaf = world.member(twin, email="deaf@residents.example")
    keen = world.member(twin, email="keen@residents.example")
    world.mute(deaf, Topic.TWIN, EMAIL)
    world.mute(keen, Topic.ALERT, EMAIL)
    assert world.told(EMAIL, world.raised(author)) == {"keen@residents.example"}


def test_a_pause_stops_sms_but_not_mail(world: World) -> None:
    home = world.community()
    world.number()
    author = world.member(home)
    later, before = world.clock() + timedelta(hours=2), world.clock() - timedelta(seconds=1)
    world.member(home, email="paused@residents.example", paused_until=later)
    back = world.member(home, paused_until=before)
    alert = world.raised(author)
    assert world.told(SMS, alert) == addresses([back])
    assert world.told(EMAIL, alert) == {"paused@residents.example"}


def test_an_agent_who_is_a_neighbour_is_told_once_a_channel(world: World) -> None:
    world.town(subscribed=True)
    home = world.community()
    world.number()
    author = world.member(home)
    world.member(home, mobile=mobile(900), email="two.hats@town.example")
    world.agent(mobile=mobile(900), email="two.hats@town.example")
    alert = world.raised(author)
    assert world.told(SMS, alert) == {mobile(900)}
    assert world.told(EMAIL, alert) == {"two.hats@town.example"}
    assert {row.audience for row in world.deliveries()} == {"agent"}  # their words say more


def test_an_author_who_is_an_agent_does_not_hear_themselves(world: World) -> None:
    world.town(subscribed=True)
    home = world.community()
    world.number()
    author = world.member(home, mobile=mobile(900), email="two.hats@town.example")
    world.agent(mobile=mobile(900))
    world.agent(mobile=None, email="two.hats@town.example")
    other = world.agent()
    assert world.told(SMS, world.raised(author)) == addresses([other])
    assert len(world.deliveries()) == 1


def test_a_couple_that_shares_an_address_gets_one_mail(world: World) -> None:
    home = world.community()
    world.number()
    author = world.member(home)
    couple = world.members(home, 2, email="couple@residents.example")
    alert = world.raised(author)
    assert world.told(SMS, alert) == addresses(couple)
    assert world.told(EMAIL, alert) == {"couple@residents.example"}


def test_a_family_in_twinned_communities_gets_one_mail_with_the_name(world: World) -> None:
    home, twin = world.community("A"), world.community("B")
    world.twin(home, twin)
    author = world.member(home, first_name="Zoé", last_name="Canari")
    world.member(twin, email="family@residents.example")
    world.member(home, mobile=None, email="family@residents.example")
    world.raised(author)
    assert "Zoé Canari" in world.said(world.delivery()).mail


def test_the_other_half_of_a_couple_hears_when_one_has_turned_mail_off(world: World) -> None:
    home = world.community()
    author = world.member(home)
    deaf = world.member(home, mobile=None, email="couple@residents.example")
    keen = world.member(home, mobile=None, email="couple@residents.example")
    world.mute(deaf, Topic.ALERT, EMAIL)
    world.raised(author)
    assert world.delivery().member_id == keen.id


def test_everybody_reads_their_own_language(world: World) -> None:
    home = world.community()
    world.number()
    author = world.member(home)
    french, english = world.member(home), world.member(home, language="en")
    world.raised(author)
    words = {
        person.id: world.said(world.delivery(member_id=person.id)) for person in (french, english)
    }
    assert words[french.id].language == "fr"
    assert words[english.id].language == "en"
    assert words[french.id].sms != words[english.id].sms


@pytest.mark.parametrize("state", [MemberState.PENDING, MemberState.SUSPENDED, MemberState.CLOSED])
def test_who_is_not_active_raises_nothing(world: World, state: MemberState) -> None:
    home = world.community()
    author = world.member(home, state=state)
    world.member(home, email="ana@residents.example")
    with pytest.raises(RuleError) as refused:
        world.raised(author)
    assert refused.value.code == "not_active"
    assert world.deliveries() == []


def test_who_has_no_community_raises_nothing(world: World) -> None:
    with pytest.raises(RuleError) as refused:
        world.raised(world.member(None))
    assert refused.value.code == "no_community"
