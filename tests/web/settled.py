"""What the tests of settings share: a member who has everything, and what was sent to whom."""

from __future__ import annotations

from sqlmodel import select

from community_store.models import Delivery, Member, Notice, Wording
from tests.web.house import House

OLD, NEW = "odette@voisins.example", "odette.martin@voisins.example"
MOBILE, OTHER = "+33639980742", "+33639980777"
LANDLINE = "+33199000042"


def resident(house: House) -> Member:
    """Odette, with a mobile, a landline and an e-mail."""
    return house.world.member(
        house.world.community(), first_name="Odette", last_name="Martin", email=OLD,
        mobile=MOBILE, landline=LANDLINE, pseudonym="Mésange bleue",
    )  # fmt: skip


def now(house: House, member: Member) -> Member:
    """A member as the row is now."""
    (found,) = house.world.rows(Member, id=member.id)
    assert isinstance(found, Member)
    return found


def mailed(house: House, kind: str) -> list[tuple[str, str]]:
    """The address and the words of each notice of a kind, oldest first."""
    with house.world.store.read() as session:
        query = select(Delivery.address, Wording.mail).join(
            Wording,
            Wording.id == Delivery.wording_id,  # type: ignore[arg-type]  # SQL
        )
        rows = session.exec(
            query.join(Notice, Notice.id == Delivery.notice_id)  # type: ignore[arg-type]  # SQL
            .where(Notice.kind == kind)
            .order_by(Delivery.id)  # type: ignore[arg-type]  # SQL
        ).all()
    return [(address, words_) for address, words_ in rows]
