"""Every route says who may use it: all routes x all kinds of people."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable
from itertools import product

import pytest
from flask import Blueprint, Flask

from community_store.models import Account, MemberState
from tests.web.house import House, Visitor
from web import rooms
from web.access import OPEN, Policy, access, mine, policy_of

KINDS = (
    "anonymous", "pending", "member", "elsewhere", "suspended", "referent", "agent_half",
    "agent", "team",
)  # fmt: skip
WHOLE = {"pending", "member", "elsewhere", "suspended", "referent", "agent", "team"}
MAY: dict[Policy, set[str]] = {
    Policy.ANYONE: set(KINDS),
    Policy.PROVED: set(KINDS),
    Policy.TRIAL: set(KINDS),
    Policy.HALF: {"agent_half"},
    Policy.SIGNED_IN: WHOLE,
    Policy.OWN: {"pending", "member", "elsewhere", "suspended", "referent"},
    Policy.PENDING: {"pending", "member", "elsewhere", "referent"},
    Policy.MEMBER: {"member", "elsewhere", "referent"},
    Policy.READER: {"member", "elsewhere", "referent", "agent"},
    Policy.REFERENT: {"referent"},
    Policy.AGENT: {"agent"},
    Policy.DECIDER: {"referent", "agent"},
    Policy.TEAM: {"team"},
}


def probes(app: Flask) -> None:
    """A route of each policy, and one whose id names a community's thing."""
    pages = Blueprint("probe", __name__, url_prefix="/probe")
    for policy in Policy:
        view = access(policy)(lambda: "in")
        pages.add_url_rule(f"/{policy}", f"of_{policy}", view, methods=["GET", "POST"])

    @pages.get("/communities/<int:community>")
    @access(Policy.MEMBER)
    def of_community(community: int) -> str:
        from web import identity

        who = identity.who()
        assert who is not None
        assert who.person.member is not None
        mine(who.person.member.community_id, theirs=community)
        return "in"

    app.register_blueprint(pages)


class Crowd:
    """One visitor of each kind; two communities."""

    def __init__(self, house: House) -> None:
        self.house, world = house, house.world
        self.home, self.other = world.community("Les Lilas"), world.community("Les Roses")
        probes(house.app)
        self.visitors: dict[str, Visitor] = {"anonymous": house.visitor()}
        for name, home, more in (
            ("pending", self.home, {"state": MemberState.PENDING}),
            ("member", self.home, {}),
            ("elsewhere", self.other, {}),
            ("suspended", self.home, {"state": MemberState.SUSPENDED, "referent": True}),
            ("referent", self.home, {"referent": True}),
        ):
            self._in(name, house.account_of(world.member(home, **more), password=False))
        self._in("agent", house.account_of(world.agent(email="agent@ville.example")))
        half = house.account_of(world.agent(email="half@ville.example"))
        self.visitors["agent_half"] = house.inside(half, half=True)
        self._in("team", house.team())

    def _in(self, name: str, account: Account) -> None:
        self.visitors[name] = self.house.inside(account)


@pytest.fixture
def crowd(house: House) -> Crowd:
    return Crowd(house)


def test_each_policy_admits_whom_it_says(crowd: Crowd) -> None:
    admitted = {
        policy: {
            kind for kind in KINDS if crowd.visitors[kind].get(f"/probe/{policy}").text == "in"
        }
        for policy in Policy
    }
    assert admitted == MAY


@pytest.mark.timeout(240)
def test_every_route_turns_away_exactly_those_whom_its_policy_does(crowd: Crowd) -> None:
    """By its answer: 401, 403, or the way to sign in. What is let in may still answer 404."""
    wrong, tried = [], 0
    for rule in crowd.house.app.url_map.iter_rules():
        policy = policy_of(crowd.house.app, rule.endpoint)
        assert policy is not None, rule
        kinds = () if policy in OPEN else KINDS
        for method, kind in product(sorted((rule.methods or set()) & {"GET", "POST"}), kinds):
            tried += 1
            turned = turned_away(crowd, kind, method, rule.rule)
            if turned != (kind not in MAY[policy]):
                wrong.append((rule.rule, method, kind, turned))
    assert wrong == []
    assert tried > 100


def turned_away(crowd: Crowd, kind: str, method: str, rule: str) -> bool:
    path = re.sub("<int:[a-z_]+>", "0", rule.replace("<int:community>", str(crowd.home)))
    visitor = crowd.visitors[kind]
    answer = visitor.get(path) if method == "GET" else visitor.post(path)
    led = answer.status_code == 303 and "/sign-in" in answer.headers["Location"]
    return answer.status_code in (401, 403) or (led and method == "GET")


def test_a_thing_of_another_community_does_not_exist(crowd: Crowd) -> None:
    answers = {
        (kind, place): crowd.visitors[kind].get(f"/probe/communities/{place}").status_code
        for kind in ("member", "elsewhere")
        for place in (crowd.home, crowd.other)
    }
    assert answers == {
        ("member", crowd.home): 200, ("member", crowd.other): 404,
        ("elsewhere", crowd.home): 404, ("elsewhere", crowd.other): 200,
    }  # fmt: skip


def test_a_session_of_another_does_not_exist(crowd: Crowd) -> None:
    for session_id in range(1, 8):
        crowd.visitors["member"].post(f"/account/sessions/{session_id}/end")
    still = {kind for kind in WHOLE - {"member"} if crowd.visitors[kind].signed_in()}
    assert still == WHOLE - {"member"}
    assert crowd.visitors["team"].post("/account/sessions/1/end").status_code == 404


def test_a_new_route_without_a_policy_is_closed_and_is_found(house: House) -> None:
    house.app.add_url_rule("/forgotten", "forgotten", lambda: "in")
    assert policy_of(house.app, "forgotten") is None
    assert house.visitor().get("/forgotten").status_code == 403


def test_what_providers_call_proves_itself_and_takes_no_session(house: House) -> None:
    hooks: Flask = house.app.extensions["tocsin.webhooks"]
    rules = list(hooks.url_map.iter_rules())
    assert {policy_of(hooks, rule.endpoint) for rule in rules} == {Policy.PROVED}
    assert all(rule.rule.startswith("/webhooks/") for rule in rules)
    hooks.add_url_rule("/webhooks/forgotten", "forgotten", lambda: "in")
    assert house.visitor().get("/webhooks/forgotten").status_code == 403
    answer = house.visitor().get("/webhooks/sim/sms")
    assert "Set-Cookie" not in answer.headers
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("state", ["suspended", "closed", "removed from the team"])
def test_what_somebody_may_counts_from_the_commit_on(house: House, state: str) -> None:
    if state == "removed from the team":
        from community_store import accounts

        account = house.team()
        visitor = house.inside(account)
        assert visitor.signed_in()
        with house.world.store.begin() as session:
            accounts.remove_team(session, session.get_one(Account, account.id))
    else:
        member = house.world.member(house.world.community())
        visitor = house.inside(house.account_of(member))
        house.world.change(member, state=state)
    if state == "suspended":
        assert "suspendu" in visitor.get("/home").text
    else:
        assert not visitor.signed_in()


def test_every_change_wants_the_token_of_a_form(house: House) -> None:
    """But for what programs call, which proves itself."""
    exempt = {blueprint.name for blueprint in rooms.BY_PROGRAMS}
    asked = 0
    for rule in house.app.url_map.iter_rules():
        if "POST" not in (rule.methods or ()) or rule.endpoint.split(".")[0] in exempt:
            continue
        path = re.sub("<[a-z_]+>", "x", re.sub("<int:[a-z_]+>", "1", rule.rule))
        policy = policy_of(house.app, rule.endpoint)
        visitor = visitor_for(house, policy)
        answer = visitor.bare_post(path)
        assert answer.status_code == 400, rule.rule
        assert "Ce formulaire a expiré" in answer.text
        asked += 1
    assert asked > 8


def visitor_for(house: House, policy: Policy | None) -> Visitor:
    turns = itertools.count(len(house.world.rows(Account)))

    def member(**more: object) -> Visitor:
        home = house.world.community()
        return house.inside(house.account_of(house.world.member(home, **more)))

    makers: dict[Policy | None, Callable[[], Visitor]] = {
        Policy.OWN: member,
        Policy.PENDING: member,
        Policy.MEMBER: member,
        Policy.READER: member,
        Policy.REFERENT: lambda: member(referent=True),
        Policy.DECIDER: lambda: member(referent=True),
        Policy.TEAM: lambda: house.inside(house.team(f"ada{next(turns)}@equipe.example")),
        Policy.SIGNED_IN: lambda: house.inside(house.account_of(house.world.member(None))),
        Policy.HALF: lambda: house.inside(house.team(), half=True),
    }
    return makers.get(policy, house.visitor)()


def test_whoever_is_not_signed_in_comes_back_to_the_page_that_they_wanted(house: House) -> None:
    member = house.world.member(house.world.community(), email="odette@voisins.example")
    house.account_of(member)
    visitor = house.visitor()
    assert visitor.lands(visitor.get("/account?from=mail")) == "/sign-in?next=/account?from%3Dmail"
    answer = visitor.sign_in("odette@voisins.example", next="/account?from=mail")
    assert visitor.lands(answer) == "/account?from=mail"


@pytest.mark.parametrize(
    "wanted", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:x", "\n/"]
)
def test_nobody_is_sent_to_another_site(house: House, wanted: str) -> None:
    member = house.world.member(house.world.community(), email="odette@voisins.example")
    house.account_of(member)
    visitor = house.visitor()
    assert visitor.lands(visitor.sign_in("odette@voisins.example", next=wanted)) == "/home"
