"""Revoked phones, decided quarantine, and areas with successors"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "successions",
        sa.Column("area_id", sa.Uuid(), nullable=False),
        sa.Column("successor_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["area_id"], ["areas.area_id"]),
        sa.ForeignKeyConstraint(["successor_id"], ["areas.area_id"]),
        sa.PrimaryKeyConstraint("area_id", "successor_id"),
    )
    op.create_index(op.f("ix_successions_successor_id"), "successions", ["successor_id"])
    op.add_column("devices", sa.Column("unsent", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("devices", sa.Column("app", sa.String(), nullable=False, server_default=""))
    op.add_column("devices", sa.Column("revoked_at", sa.BigInteger(), nullable=True))
    op.add_column("devices", sa.Column("wiped_at", sa.BigInteger(), nullable=True))
    op.add_column("quarantine", sa.Column("decision", sa.String(), nullable=False, server_default=""))
    op.add_column("quarantine", sa.Column("decided_by", sa.Uuid(), nullable=True))
    op.add_column("quarantine", sa.Column("decided_at", sa.BigInteger(), nullable=True))
    op.add_column("quarantine", sa.Column("reason", sa.String(), nullable=False, server_default=""))
