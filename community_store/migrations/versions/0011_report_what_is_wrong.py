"""Let residents report what is wrong, and say why an account is suspended."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from community_store import columns

revision: str = "0011"
down_revision: str | None = "0010"
branch_labels: None = None
depends_on: None = None


def upgrade() -> None:
    op.create_table(
        "report",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("subject_id", sa.Integer(), nullable=False),
        sa.Column("community_id", sa.Integer(), nullable=True),
        sa.Column("reporter_id", sa.Integer(), nullable=True),
        sa.Column("about_id", sa.Integer(), nullable=True),
        sa.Column("quote", sa.String(), nullable=False),
        sa.Column("why", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("told", sa.String(), nullable=False),
        sa.Column("decided_by", sa.String(), nullable=False),
        sa.Column("created_at", columns.UtcDateTime(), nullable=False),
        sa.Column("decided_at", columns.UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["community_id"], ["community.id"], ondelete="SET NULL"),
        sa.ForeignKeyConstraint(["reporter_id"], ["member.id"], ondelete="SET NULL"),
        sa.ForeignKeyConstraint(["about_id"], ["member.id"], ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("kind", "subject_id", "reporter_id", name="uq_report_once"),
    )
    op.create_index("ix_report_state", "report", ["state", "community_id"])
    for name in ("community_id", "reporter_id", "about_id", "created_at"):
        op.create_index(f"ix_report_{name}", "report", [name])
    with op.batch_alter_table("member") as table:
        table.add_column(sa.Column("suspended_why", sa.String(), nullable=False, server_default=""))


def downgrade() -> None:
    with op.batch_alter_table("member") as table:
        table.drop_column("suspended_why")
    op.drop_table("report")
