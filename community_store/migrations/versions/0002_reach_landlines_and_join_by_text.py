"""Reach landlines, and let people join by text."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from community_store import columns

revision: str = "0002"
down_revision: str | None = "0001"
branch_labels: None = None
depends_on: None = None

QUEUED = sa.text("state = 'queued'")
WRONG = sa.text("outcome = 'code_wrong'")


def upgrade() -> None:
    _home_codes()
    _enrolments()
    _proof_codes()
    _columns()
    _indexes()


def _home_codes() -> None:
    op.create_table(
        "home_code",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("community_id", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("created_at", columns.UtcDateTime(), nullable=False),
        sa.Column("expires_at", columns.UtcDateTime(), nullable=False),
        sa.Column("revoked_at", columns.UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["community_id"], ["community.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_home_code_community_id", "home_code", ["community_id"])
    op.create_index("ix_home_code_digest", "home_code", ["digest"])
    op.create_table(
        "home_entry",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code_id", sa.Integer(), nullable=False),
        sa.Column("member_id", sa.Integer(), nullable=True),
        sa.Column("joined_at", columns.UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["code_id"], ["home_code.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["member_id"], ["member.id"], ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_home_entry_code_id", "home_entry", ["code_id"])
    op.create_index("ix_home_entry_member_id", "home_entry", ["member_id"])


def _enrolments() -> None:
    op.create_table(
        "enrolment",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("inbound_id", sa.Integer(), nullable=False),
        sa.Column("sender", sa.String(), nullable=False),
        sa.Column("first_name", sa.String(), nullable=False),
        sa.Column("last_name", sa.String(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("told_later", sa.Boolean(), nullable=False),
        sa.Column("choices", sa.JSON(), nullable=True),
        sa.Column("member_id", sa.Integer(), nullable=True),
        sa.Column("created_at", columns.UtcDateTime(), nullable=False),
        sa.Column("again_at", columns.UtcDateTime(), nullable=False),
        sa.Column("expires_at", columns.UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["inbound_id"], ["inbound_text.id"]),
        sa.ForeignKeyConstraint(["member_id"], ["member.id"], ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("inbound_id"),
    )
    op.create_index("ix_enrolment_member_id", "enrolment", ["member_id"])
    op.create_index("ix_enrolment_sender", "enrolment", ["sender", "created_at"])
    op.create_index("ix_enrolment_state", "enrolment", ["state", "again_at"])


def _proof_codes() -> None:
    op.create_table(
        "proof_code",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("origin", sa.String(), nullable=False),
        sa.Column("hash", sa.String(), nullable=False),
        sa.Column("notice_id", sa.Integer(), nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("used", sa.Boolean(), nullable=False),
        sa.Column("created_at", columns.UtcDateTime(), nullable=False),
        sa.Column("expires_at", columns.UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["notice_id"], ["notice.id"], ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_proof_code_expires_at", "proof_code", ["expires_at"])
    op.create_index("ix_proof_code_number", "proof_code", ["number"])
    op.create_index("ix_proof_code_origin", "proof_code", ["origin", "created_at"])


def _columns() -> None:
    """Rows that are there take the value that a new row would have."""
    for table, name, kind, default in (
        ("alert", "only", sa.String(), sa.text("''")),
        ("delivery", "redials", sa.Integer(), sa.text("0")),
        ("join_request", "reason", sa.String(), sa.text("''")),
        ("number", "sms", sa.Boolean(), sa.true()),
        ("number", "voice", sa.Boolean(), sa.false()),
        ("number", "call_rate", sa.Float(), sa.text("1.0")),
        ("number", "call_price", sa.Float(), sa.text("0.0")),
        ("number", "calls_paused", sa.String(), sa.text("''")),
        ("wording", "voice", sa.String(), sa.text("''")),
    ):
        op.add_column(table, sa.Column(name, kind, nullable=False, server_default=default))
    op.add_column("notice", sa.Column("request_id", sa.Integer(), nullable=True))


def _indexes() -> None:
    op.create_index("ix_notice_request_id", "notice", ["request_id"])
    op.drop_index("ix_delivery_due", table_name="delivery")
    op.create_index(
        "ix_delivery_due",
        "delivery",
        ["gateway", "number_id", "channel", "priority", "size", "id"],
        sqlite_where=QUEUED,
        postgresql_where=QUEUED,
    )
    op.create_index(
        "ix_inbound_text_wrong",
        "inbound_text",
        ["received_at"],
        sqlite_where=WRONG,
        postgresql_where=WRONG,
    )


def downgrade() -> None:
    op.drop_index("ix_inbound_text_wrong", table_name="inbound_text")
    op.drop_index("ix_notice_request_id", table_name="notice")
    op.drop_index("ix_delivery_due", table_name="delivery")
    op.create_index(
        "ix_delivery_due",
        "delivery",
        ["gateway", "number_id", "priority", "size", "id"],
        sqlite_where=QUEUED,
        postgresql_where=QUEUED,
    )
    for table, column in (
        ("notice", "request_id"),
        ("wording", "voice"),
        ("number", "calls_paused"),
        ("number", "call_price"),
        ("number", "call_rate"),
        ("number", "voice"),
        ("number", "sms"),
        ("join_request", "reason"),
        ("delivery", "redials"),
        ("alert", "only"),
    ):
        op.drop_column(table, column)
    for table in ("proof_code", "enrolment", "home_entry", "home_code"):
        op.drop_table(table)
