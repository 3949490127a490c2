"""OUI and NON: 17 was called, a held alert may go, a neighbour may join."""

from __future__ import annotations

from community_store.errors import RuleError
from community_store.models import Alert, AlertState, JoinRequest, MemberState
from dispatch import alerts, closing, holding, powers, replies, requests, vouching
from dispatch.incoming import Incoming
from dispatch.reading import split_ref

EMERGENCY = 17


def yes(incoming: Incoming, argument: str) -> str:
    """OUI alone: the author called 17. OUI ref: accept, or release."""
    ref, _ = split_ref(argument)
    if ref is not None:
        return _decide(incoming, ref, accept=True)
    return _called(incoming)


def no(incoming: Incoming, argument: str) -> str:
    """NON ref: refuse, or drop. NON alone is no command."""
    ref, _ = split_ref(argument)
    if ref is None:
        return ""
    return _decide(incoming, ref, accept=False)


def _called(incoming: Incoming) -> str:
    alert = closing.latest_open(incoming)
    if alert is None:
        return ""
    alerts.called(incoming.act, alert)
    return "called"


def _decide(incoming: Incoming, ref: int, *, accept: bool) -> str:
    alert = incoming.session.get(Alert, ref)
    if alert is not None and _may_release(incoming, alert):
        return _decide_alert(incoming, alert, accept=accept)
    request = incoming.session.get(JoinRequest, ref)
    if request is not None and requests.may_decide(
        incoming.act, request, incoming.member, incoming.agent
    ):
        return _decide_request(incoming, request, accept=accept)
    if request is not None and _moved_on(incoming, request):
        incoming.answer("request_moved", ref=ref)
        return "request_moved"
    if accept and (ref == EMERGENCY or _is_own(incoming, alert)) and (done := _called(incoming)):
        return done  # "OUI 17" and "OUI 381" answer the receipt as well as OUI does
    return _nothing_to_decide(incoming, ref)


def _moved_on(incoming: Incoming, request: JoinRequest) -> bool:
    return vouching.moved_on(incoming.act, request, incoming.member, incoming.agent)


def _is_own(incoming: Incoming, alert: Alert | None) -> bool:
    member = incoming.member
    return alert is not None and member is not None and alert.author_id == member.id


def _nothing_to_decide(incoming: Incoming, ref: int) -> str:
    if incoming.agent is None and not _is_active(incoming):
        return ""
    incoming.answer("no_such_question", ref=ref)
    return "unknown_ref"


def _is_active(incoming: Incoming) -> bool:
    return incoming.member is not None and incoming.member.state == MemberState.ACTIVE


def _may_release(incoming: Incoming, alert: Alert) -> bool:
    return powers.may_release(incoming.session, alert, member=incoming.member, agent=incoming.agent)


def _decide_alert(incoming: Incoming, alert: Alert, *, accept: bool) -> str:
    if alert.state != AlertState.HELD:
        incoming.answer("not_held", alert_id=alert.id, ref=alert.id)
        return "not_held"
    try:
        if accept:
            count = holding.release(incoming.act, alert)
            incoming.answer("held_released", alert_id=alert.id, ref=alert.id, count=count)
            return "held_released"
        holding.drop(incoming.act, alert)
    except RuleError:
        incoming.answer("not_held", alert_id=alert.id, ref=alert.id)
        return "not_held"
    incoming.answer("held_refused", alert_id=alert.id, ref=alert.id)
    return "held_refused"


def _decide_request(incoming: Incoming, request: JoinRequest, *, accept: bool) -> str:
    by = replies.name_of(incoming)
    if not requests.decide(incoming.act, request, accept=accept, by=by):
        incoming.answer("request_decided", ref=request.id)
        return "request_decided"
    kind = "request_yes_done" if accept else "request_no_done"
    incoming.answer(kind, ref=request.id)
    return "request_accepted" if accept else "request_refused"
