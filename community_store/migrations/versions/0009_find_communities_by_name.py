"""Find communities by name, whatever the accents, without reading a city's."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from community_store.folding import folded

revision: str = "0009"
down_revision: str | None = "0008"
branch_labels: None = None
depends_on: None = None

COMMUNITY = sa.table(
    "community", sa.column("id"), sa.column("name"), sa.column("address"), sa.column("looked_for")
)
AT_ONCE = 1000


def upgrade() -> None:
    with op.batch_alter_table("community") as table:
        table.add_column(sa.Column("looked_for", sa.String(), nullable=False, server_default=""))
    _fill()
    op.create_index("ix_community_looked_for", "community", ["town_insee", "looked_for"])


def _fill() -> None:
    connection = op.get_bind()
    rows = connection.execute(sa.select(COMMUNITY.c.id, COMMUNITY.c.name, COMMUNITY.c.address))
    known = [{"of": row.id, "said": folded(f"{row.name} {row.address}")} for row in rows]
    told = sa.update(COMMUNITY).where(COMMUNITY.c.id == sa.bindparam("of"))
    for first in range(0, len(known), AT_ONCE):
        some = known[first : first + AT_ONCE]
        connection.execute(told.values(looked_for=sa.bindparam("said")), some)


def downgrade() -> None:
    op.drop_index("ix_community_looked_for", "community")
    with op.batch_alter_table("community") as table:
        table.drop_column("looked_for")
