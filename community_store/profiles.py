"""What a member says of themselves (S37 to S39, S74 to S78, S83): the rules of each field."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum

from sqlmodel import Session, col, select

from community_store import audit, movements, names, offices, pseudonyms
from community_store.errors import RuleError
from community_store.models import Dwelling, Member, MemberState, Tenure

LONGEST_NAME = 60
LONGEST_ABOUT = 300
LONGEST_INTEREST, MOST_OTHERS = 30, 5


class Interest(StrEnum):
    """What many have in common; the pages have words for each. Others are kept as typed."""

    GARDENING = "gardening"
    COOKING = "cooking"
    DIY = "diy"
    WALKING = "walking"
    SPORT = "sport"
    MUSIC = "music"
    READING = "reading"
    GAMES = "games"
    ANIMALS = "animals"
    CHILDREN = "children"
    COMPUTERS = "computers"
    SEWING = "sewing"
    PHOTOGRAPHY = "photography"
    VOLUNTEERING = "volunteering"


def rename(
    session: Session,
    member: Member,
    first_name: str,
    last_name: str,
    *,
    service: str,
    now: datetime,
) -> None:
    """Change a name; référents read of it where somebody vouched for its bearer.

    Raises RuleError "name", "name_long", "office_name", "pseudonym": it would be told by it.
    """
    first, last = " ".join(first_name.split()), " ".join(last_name.split())
    _check_name(member, first, last, service)
    before = f"{member.first_name} {member.last_name}"
    member.first_name, member.last_name = first, last
    session.add(member)
    if member.state == MemberState.ACTIVE and before != f"{first} {last}":
        movements.called(session, member, before)
        audit.note(session, f"member {member.id}", "renamed", f"member {member.id}", at=now)


def _check_name(member: Member, first: str, last: str, service: str) -> None:
    for name in (first, last):
        if not names.is_name(name):
            raise RuleError("name", "a name is made of letters")
        if len(name) > LONGEST_NAME:
            raise RuleError("name_long", f"a name has at most {LONGEST_NAME} characters")
    if offices.is_office(f"{first} {last}", service=service):
        raise RuleError("office_name", "a name does not pass for the town, the police or us")
    if pseudonyms.tells(member.pseudonym, first, last):
        raise RuleError("pseudonym", "the pseudonym contains this name: change it first")


def call(session: Session, member: Member, pseudonym: str, *, service: str) -> None:
    """Change a pseudonym. Raises RuleError as pseudonyms.check, and "nickname_taken"."""
    wanted = " ".join(unicodedata.normalize("NFC", pseudonym).split())
    pseudonyms.check(wanted, member.first_name, member.last_name, service=service)
    if _taken(session, member, wanted):
        raise RuleError("nickname_taken", "somebody of the same community has this pseudonym")
    member.pseudonym = wanted
    session.add(member)


def _taken(session: Session, member: Member, wanted: str) -> bool:
    """By somebody of the same community: twins could not tell the two apart."""
    if member.community_id is None:
        return False
    others = select(Member.pseudonym).where(
        Member.community_id == member.community_id,
        Member.state != MemberState.CLOSED,
        col(Member.id) != member.id,
    )
    return wanted.casefold() in {one.casefold() for one in session.exec(others)}


def introduce(session: Session, member: Member, about: str, interests: Iterable[str]) -> None:
    """Change what neighbours read of a member. Raises RuleError "about_long", "interests"."""
    if len(about) > LONGEST_ABOUT:
        raise RuleError("about_long", f"a few words are at most {LONGEST_ABOUT} characters")
    chosen = list(dict.fromkeys(" ".join(one.split()) for one in interests if one.strip()))
    others = [one for one in chosen if one not in set(Interest)]
    if len(others) > MOST_OTHERS or any(len(one) > LONGEST_INTEREST for one in others):
        raise RuleError("interests", f"at most {MOST_OTHERS} others, of {LONGEST_INTEREST} letters")
    member.about, member.interests = about.strip(), ",".join(chosen)
    session.add(member)


def interests(member: Member) -> tuple[str, ...]:
    """Interest values, and others as they were typed."""
    return tuple(one for one in member.interests.split(",") if one)


def describe_home(session: Session, member: Member, tenure: str, dwelling: str) -> None:
    """Change what nobody else sees; "" for what they would rather not say."""
    member.tenure = Tenure(tenure).value if tenure else ""
    member.dwelling = Dwelling(dwelling).value if dwelling else ""
    session.add(member)


def hide(session: Session, member: Member, *, mobile: bool, landline: bool) -> None:
    """S75, S76: neighbours see it no more from the commit on; alerts still come."""
    member.hide_mobile, member.hide_landline = mobile, landline
    session.add(member)


def wants_newsletter(member: Member) -> bool:
    """Off unless they said yes, and did not say no since (S83)."""
    return member.newsletter_since is not None and member.newsletter_until is None


def subscribe(session: Session, member: Member, now: datetime, *, wanted: bool) -> None:
    """The newsletter, or no more of it; when they said so is kept. Twice is once."""
    if wanted and not wants_newsletter(member):
        member.newsletter_since, member.newsletter_until = now, None
    elif not wanted and wants_newsletter(member):
        member.newsletter_until = now
    session.add(member)
