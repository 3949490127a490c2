"""What a member typed on the way in and can still prove: pages say so where it matters."""

from __future__ import annotations

from community_store import registrations
from community_store.models import Member
from dispatch import registering
from dispatch.act import Act
from web.registering import sending


def provable(act: Act, member: Member) -> list[str]:
    """Of "number", "landline", "email" those that wait, but for a landline where nobody calls."""
    typed = registrations.of_member(act.session, member.id or 0, act.now)
    if typed is None:
        return []
    waiting = registering.unproved(typed, member)
    called = "landline" if typed.mobile else "number"
    return [one for one in waiting if one != called or sending.calls(act.session)]
