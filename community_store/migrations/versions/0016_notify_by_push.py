"""Let members have notifications on their devices."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from community_store import columns

revision: str = "0016"
down_revision: str | None = "0015"
branch_labels: None = None
depends_on: None = None


def upgrade() -> None:
    op.create_table(
        "push_subscription",
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("member_id", sa.Integer(), nullable=False),
        sa.Column("endpoint", sa.String(), nullable=False),
        sa.Column("p256dh", sa.String(), nullable=False),
        sa.Column("auth", sa.String(), nullable=False),
        sa.Column("made_for", sa.String(), nullable=False),
        sa.Column("device", sa.String(), nullable=False),
        sa.Column("created_at", columns.UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["member_id"], ["member.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("address"),
        sa.UniqueConstraint("endpoint"),
    )
    op.create_index("ix_push_subscription_member_id", "push_subscription", ["member_id"])
    op.add_column(
        "wording", sa.Column("push", sa.String(), nullable=False, server_default=sa.text("''"))
    )


def downgrade() -> None:
    with op.batch_alter_table("wording") as table:
        table.drop_column("push")
    op.drop_table("push_subscription")
