"""The community of an active member: information, référents, map, twins, history (S53 to S58)."""

from __future__ import annotations

import shapely
from flask import render_template, request
from flask.typing import ResponseReturnValue
from sqlmodel import col, select

from community_store import census, communities, movements
from community_store.models import Community, Town
from dispatch import happenings, pairing, requests, tending
from web import identity, maps
from web.access import Policy, access
from web.community import around
from web.community.room import Here, here, looked_after, people, room


def page(mine: Here, refused: str = "") -> str:
    """What /community is for who is active."""
    db, home = mine.act.session, mine.community
    twins = _twins(mine)
    at = around.home_of(mine.member)
    return render_template(
        "community/ours.html",
        community=home,
        member=mine.member,
        town=db.get_one(Town, home.town_insee).name,
        count=census.neighbours(db, home),
        decider=requests.decider(mine.act, home),
        referents=people(mine, [one.id or 0 for one in communities.referents(db, home)]),
        twins=twins,
        zones=[maps.zone(home, "own"), *(maps.zone(one, "twin") for one in twins)],
        home=(at[1], at[0]) if at else None,
        outside=at is not None and not shapely.intersects_xy(home.boundary, *at),
        happened=happenings.recent(mine.act, mine.member),
        waits=len(pairing.waiting_for(mine.act, mine.member)),
        left_out=len(tending.outside(mine.act, home)) if mine.member.referent else 0,
        refused=refused,
    )


def _twins(mine: Here) -> list[Community]:
    ids = movements.twin_ids(mine.act.session, mine.community.id or 0)
    query = select(Community).where(col(Community.id).in_(ids))
    return list(mine.act.session.exec(query.order_by(col(Community.looked_for))))


@room.get("/history")
@access(Policy.MEMBER)
def history() -> ResponseReturnValue:
    """S53: all that happened, the newest first, a page at a time."""
    with identity.runtime().store.read() as db:
        mine = here(db)
        return render_template(
            "community/history.html", community=mine.community,
            history=happenings.history(
                mine.act, mine.member, request.args.get("page", 1, type=int)
            ),
        )  # fmt: skip


@room.get("/outside")
@access(Policy.REFERENT)
def outside() -> ResponseReturnValue:
    """The members whose home the boundary does not hold; they are members all the same."""
    with identity.runtime().store.read() as db:
        mine = looked_after(db)
        ids = tending.outside(mine.act, mine.community)
        return render_template(
            "community/outside.html", community=mine.community, people=people(mine, ids)
        )
