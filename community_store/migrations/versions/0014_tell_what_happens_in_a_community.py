"""Tell what happens in a community, and let communities propose twinnings."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from community_store.columns import UtcDateTime

revision: str = "0014"
down_revision: str | None = "0013"
branch_labels: None = None
depends_on: None = None

MOVEMENT_INDEXES = ("member_id", "other_id", "request_id", "created_at")

BEGINNINGS = (
    """INSERT INTO movement (community_id, kind, said, before, count, created_at)
    SELECT id, 'founded', name, '', 1, created_at FROM community""",
    """INSERT INTO movement (community_id, kind, other_id, said, before, count, created_at)
    SELECT t.a_id, 'twinned', t.b_id, c.name, '', 1, t.created_at
    FROM twinning AS t JOIN community AS c ON c.id = t.b_id""",
    """INSERT INTO movement (community_id, kind, other_id, said, before, count, created_at)
    SELECT t.b_id, 'twinned', t.a_id, c.name, '', 1, t.created_at
    FROM twinning AS t JOIN community AS c ON c.id = t.a_id""",
)


def upgrade() -> None:
    op.create_table(
        "movement",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("community_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("member_id", sa.Integer(), nullable=True),
        sa.Column("other_id", sa.Integer(), nullable=True),
        sa.Column("request_id", sa.Integer(), nullable=True),
        sa.Column("said", sa.String(), nullable=False),
        sa.Column("before", sa.String(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["community_id"], ["community.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["member_id"], ["member.id"], ondelete="SET NULL"),
        sa.ForeignKeyConstraint(["other_id"], ["community.id"], ondelete="SET NULL"),
        sa.ForeignKeyConstraint(["request_id"], ["join_request.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_movement_community", "movement", ["community_id", "created_at"])
    for column in MOVEMENT_INDEXES:
        op.create_index(f"ix_movement_{column}", "movement", [column])
    op.create_table(
        "twinning_proposal",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("from_id", sa.Integer(), nullable=False),
        sa.Column("to_id", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.Column("decided_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["from_id"], ["community.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["to_id"], ["community.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
    )
    for column in ("from_id", "to_id", "expires_at"):
        op.create_index(f"ix_twinning_proposal_{column}", "twinning_proposal", [column])
    _begin_histories()


def _begin_histories() -> None:
    """What is known of the communities that were there before."""
    for statement in BEGINNINGS:
        op.execute(statement)


def downgrade() -> None:
    op.drop_table("twinning_proposal")
    op.drop_table("movement")
