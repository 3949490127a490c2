"""The link in a mail about a message stops mail about messages, and alerts go on."""

from __future__ import annotations

import pytest

from community_store.models import DeliveryState, Mute, Stop, Topic
from dispatch import envelope
from gateway.contract import Channel
from tests.web.house import House, words
from tests.web.letters import Street, make_street


@pytest.fixture
def street(house: House) -> Street:
    return make_street(house)


def way_out(street: Street) -> str:
    """The link in the mail that tells Jean that Odette wrote."""
    street.writes(street.odette, street.jean)
    delivery = street.world.delivery(channel=Channel.EMAIL, address=street.jean.email)
    return f"/unsubscribe/{envelope.unsubscribe_token(street.world.settings, delivery.id or 0)}"


def test_one_click_in_a_mail_about_a_message_leaves_the_alerts(street: Street) -> None:
    program, path = street.house.visitor(), way_out(street)
    assert "Les alertes continuent" in words(program.get(path))
    for _ in range(2):
        answer = program.bare_post(path, **{"List-Unsubscribe": "One-Click"})
        assert "plus d'e-mail pour les messages" in words(answer)
    (off,) = street.world.rows(Mute)
    assert (off.member_id, off.topic, off.channel) == (street.jean.id, Topic.MESSAGE, "email")
    assert street.world.rows(Stop) == []
    street.writes(street.anne, street.jean)
    street.world.pump()
    (mail,) = street.world.deliveries(channel=Channel.EMAIL, address=street.jean.email)
    assert mail.state == DeliveryState.SUPPRESSED
    alert = street.world.raised(street.odette)
    assert street.jean.email in street.world.told(Channel.EMAIL, alert)
