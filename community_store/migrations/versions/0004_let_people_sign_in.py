"""Let people sign in on the web."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from community_store import columns

revision: str = "0004"
down_revision: str | None = "0003"
branch_labels: None = None
depends_on: None = None

EMPTY, NO, ZERO = sa.text("''"), sa.false(), sa.text("0")


def upgrade() -> None:
    _accounts()
    _sessions()
    _links()
    op.create_table(
        "recovery_code",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_recovery_code_account_id", "recovery_code", ["account_id"])


def _accounts() -> None:
    op.create_table(
        "account",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("email", sa.String(), nullable=True),
        sa.Column("name", sa.String(), nullable=False, server_default=EMPTY),
        sa.Column("language", sa.String(), nullable=False, server_default=sa.text("'fr'")),
        sa.Column("password", sa.String(), nullable=False, server_default=EMPTY),
        sa.Column("team", sa.Boolean(), nullable=False, server_default=NO),
        sa.Column("member_id", sa.Integer(), nullable=True),
        sa.Column("agent_id", sa.Integer(), nullable=True),
        sa.Column("totp_seed", sa.String(), nullable=False, server_default=EMPTY),
        sa.Column("totp_confirmed", sa.Boolean(), nullable=False, server_default=NO),
        sa.Column("totp_step", sa.Integer(), nullable=False, server_default=ZERO),
        sa.Column("created_at", columns.UtcDateTime(), nullable=False),
        sa.Column("signed_in_at", columns.UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["member_id"], ["member.id"], ondelete="SET NULL"),
        sa.ForeignKeyConstraint(["agent_id"], ["agent.id"], ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("email"),
        sa.UniqueConstraint("member_id"),
        sa.UniqueConstraint("agent_id"),
    )


def _sessions() -> None:
    op.create_table(
        "web_session",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("stage", sa.String(), nullable=False, server_default=sa.text("'open'")),
        sa.Column("device", sa.String(), nullable=False, server_default=EMPTY),
        sa.Column("tries", sa.Integer(), nullable=False, server_default=ZERO),
        sa.Column("created_at", columns.UtcDateTime(), nullable=False),
        sa.Column("seen_at", columns.UtcDateTime(), nullable=False),
        sa.Column("expires_at", columns.UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("digest"),
    )
    op.create_index("ix_web_session_account_id", "web_session", ["account_id"])
    op.create_index("ix_web_session_expires_at", "web_session", ["expires_at"])


def _links() -> None:
    op.create_table(
        "account_link",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=True),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("address", sa.String(), nullable=False, server_default=EMPTY),
        sa.Column("origin", sa.String(), nullable=False, server_default=EMPTY),
        sa.Column("used", sa.Boolean(), nullable=False, server_default=NO),
        sa.Column("created_at", columns.UtcDateTime(), nullable=False),
        sa.Column("expires_at", columns.UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("digest"),
    )
    op.create_index("ix_account_link_account_id", "account_link", ["account_id"])
    op.create_index("ix_account_link_address", "account_link", ["address", "created_at"])
    op.create_index("ix_account_link_origin", "account_link", ["origin", "created_at"])
    op.create_index("ix_account_link_expires_at", "account_link", ["expires_at"])


def downgrade() -> None:
    for table in ("recovery_code", "account_link", "web_session", "account"):
        op.drop_table(table)
