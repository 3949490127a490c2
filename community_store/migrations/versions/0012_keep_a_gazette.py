"""A gazette for each community, and its summary by e-mail."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from community_store import columns

revision: str = "0012"
down_revision: str | None = "0011"
branch_labels: None = None
depends_on: None = None

ABOUT_A_GAZETTE = sa.text("community_id is not null")


def upgrade() -> None:
    _entries()
    _comments()
    _pictures()
    _digests()
    # no foreign key: SQLite would copy the table for it, and lose what hangs on the old one
    op.add_column("notice", sa.Column("community_id", sa.Integer(), nullable=True))
    op.create_index(
        "ix_notice_community", "notice", ["community_id"],
        sqlite_where=ABOUT_A_GAZETTE, postgresql_where=ABOUT_A_GAZETTE,
    )  # fmt: skip


def _entries() -> None:
    op.create_table(
        "gazette_entry",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("community_id", sa.Integer(), nullable=False),
        sa.Column("author_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("created_at", columns.UtcDateTime(), nullable=False),
        sa.Column("edited_at", columns.UtcDateTime(), nullable=True),
        sa.Column("expires_at", columns.UtcDateTime(), nullable=False),
        sa.Column("removed_at", columns.UtcDateTime(), nullable=True),
        sa.Column("removed_by", sa.String(), nullable=False),
        sa.Column("removed_why", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["community_id"], ["community.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["author_id"], ["member.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_gazette_entry_community", "gazette_entry", ["community_id", "expires_at"])
    op.create_index("ix_gazette_entry_author", "gazette_entry", ["author_id", "created_at"])
    op.create_index("ix_gazette_entry_expires_at", "gazette_entry", ["expires_at"])


def _comments() -> None:
    op.create_table(
        "gazette_comment",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("entry_id", sa.Integer(), nullable=False),
        sa.Column("author_id", sa.Integer(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("created_at", columns.UtcDateTime(), nullable=False),
        sa.Column("edited_at", columns.UtcDateTime(), nullable=True),
        sa.Column("removed_at", columns.UtcDateTime(), nullable=True),
        sa.Column("removed_by", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["entry_id"], ["gazette_entry.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["author_id"], ["member.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_gazette_comment_entry_id", "gazette_comment", ["entry_id"])
    op.create_index("ix_gazette_comment_author", "gazette_comment", ["author_id", "created_at"])
    op.create_index("ix_gazette_comment_removed_at", "gazette_comment", ["removed_at"])


def _pictures() -> None:
    op.create_table(
        "gazette_picture",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("entry_id", sa.Integer(), nullable=False),
        sa.Column("file", sa.String(), nullable=False),
        sa.Column("sealed_key", sa.LargeBinary(), nullable=False),
        *(
            sa.Column(name, sa.Integer(), nullable=False)
            for name in ("width", "height", "large", "medium", "small")
        ),
        sa.Column("created_at", columns.UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["entry_id"], ["gazette_entry.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("file"),
    )
    op.create_index("ix_gazette_picture_entry_id", "gazette_picture", ["entry_id"])


def _digests() -> None:
    op.create_table(
        "gazette_digest",
        sa.Column("member_id", sa.Integer(), nullable=False),
        sa.Column("every", sa.String(), nullable=False),
        sa.Column("due_at", columns.UtcDateTime(), nullable=False),
        sa.Column("told_until", columns.UtcDateTime(), nullable=False),
        sa.Column("chosen_at", columns.UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["member_id"], ["member.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("member_id"),
    )
    op.create_index("ix_gazette_digest_due_at", "gazette_digest", ["due_at"])


def downgrade() -> None:
    op.drop_index("ix_notice_community", table_name="notice")
    op.drop_column("notice", "community_id")
    for table_name in ("gazette_digest", "gazette_picture", "gazette_comment", "gazette_entry"):
        op.drop_table(table_name)
