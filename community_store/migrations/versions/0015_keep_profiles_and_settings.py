"""Keep what members say of themselves, and what they set (S37 to S39, S80, S83)."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from community_store import columns

revision: str = "0015"
down_revision: str | None = "0014"
branch_labels: None = None
depends_on: None = None

WORDS = ("about", "interests", "tenure", "dwelling")
TIMES = ("newsletter_since", "newsletter_until")


def upgrade() -> None:
    with op.batch_alter_table("member") as table:
        for name in WORDS:
            table.add_column(sa.Column(name, sa.String(), nullable=False, server_default=""))
        for name in TIMES:
            table.add_column(sa.Column(name, columns.UtcDateTime(), nullable=True))
    with op.batch_alter_table("web_session") as table:
        table.add_column(sa.Column("sure_at", columns.UtcDateTime(), nullable=True))
    op.create_table(
        "email_change",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("member_id", sa.Integer(), nullable=False),
        sa.Column("email", sa.String(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("origin", sa.String(), nullable=False),
        sa.Column("used", sa.Boolean(), nullable=False),
        sa.Column("created_at", columns.UtcDateTime(), nullable=False),
        sa.Column("expires_at", columns.UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["member_id"], ["member.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("digest"),
    )
    op.create_index("ix_email_change_member_id", "email_change", ["member_id"])
    op.create_index("ix_email_change_address", "email_change", ["address", "created_at"])
    op.create_index("ix_email_change_origin", "email_change", ["origin", "created_at"])


def downgrade() -> None:
    op.drop_table("email_change")
    with op.batch_alter_table("web_session") as table:
        table.drop_column("sure_at")
    with op.batch_alter_table("member") as table:
        for name in (*WORDS, *TIMES):
            table.drop_column(name)
