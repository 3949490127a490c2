"""Addresses that name nothing, on PostgreSQL, which takes neither large ids nor NULs."""

from __future__ import annotations

import re

import pytest

from community_store.models import MemberState
from tests.dispatch.world import World
from tests.web.house import House, make_house
from tests.web.test_access import visitor_for
from web.access import policy_of


@pytest.fixture
def house(postgres_world: World) -> House:
    postgres_world.number()
    return make_house(postgres_world)


@pytest.mark.parametrize("large", ["2147483648", "99999999999", "9" * 30, "9" * 5000])
def test_an_id_larger_than_any_is_no_such_page(house: House, large: str) -> None:
    tried = 0
    for rule in house.app.url_map.iter_rules():
        if "<int:" not in rule.rule:
            continue
        path = re.sub("<int:[a-z_]+>", large, rule.rule)
        visitor = visitor_for(house, policy_of(house.app, rule.endpoint))
        for method in (rule.methods or set()) & {"GET", "POST"}:
            answer = visitor.get(path) if method == "GET" else visitor.post(path)
            assert answer.status_code in (404, 405), rule  # 405: werkzeug asks for the method first
            tried += 1
    assert tried > 5


@pytest.mark.parametrize(
    "path",
    ["/community/list?q=ab%00c", "/community/list?q%00=x", "/join/mail/%00", "/decide/x%00",
     "/activation/lien/%00", "/a/1-%00", "/activation/partner/mitrust/back?state=%00&code=x"],
)  # fmt: skip
def test_a_nul_in_an_address_is_refused(house: House, path: str) -> None:
    member = house.world.member(None, state=MemberState.PENDING)
    visitor = house.inside(house.account_of(member))
    answer = visitor.get(path)
    assert answer.status_code == 400
    assert answer.text.count("<h1>") == 1


def test_a_nul_in_a_text_is_for_its_gateway_to_leave_out(house: House) -> None:
    answer = house.visitor().get("/webhooks/sim/sms?text=ab%00c")
    assert answer.status_code == 403  # a forged call, as without it


def test_the_largest_id_of_all_is_only_not_there(house: House) -> None:
    visitor = house.inside(house.account_of(house.world.member(None)))
    assert visitor.post("/account/sessions/2147483647/end").status_code == 404
