"""Let members invite by a link, and référents raise an exercise."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from community_store import columns

revision: str = "0017"
down_revision: str | None = "0016"
branch_labels: None = None
depends_on: None = None


def upgrade() -> None:
    op.create_table(
        "invitation",
        sa.Column("member_id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("created_at", columns.UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["member_id"], ["member.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("member_id"),
        sa.UniqueConstraint("code"),
    )
    with op.batch_alter_table("registration") as table:
        table.add_column(sa.Column("invited_to", sa.Integer(), nullable=True))
        table.create_foreign_key(
            "fk_registration_invited_to", "community", ["invited_to"], ["id"], ondelete="SET NULL"
        )
    op.add_column(
        "alert", sa.Column("exercise", sa.Boolean(), nullable=False, server_default=sa.false())
    )


def downgrade() -> None:
    with op.batch_alter_table("alert") as table:
        table.drop_column("exercise")
    with op.batch_alter_table("registration") as table:
        table.drop_constraint("fk_registration_invited_to", type_="foreignkey")
        table.drop_column("invited_to")
    op.drop_table("invitation")
