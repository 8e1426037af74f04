"""What a quarantined mutation needs to be released, and reports of the same person"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("quarantine", sa.Column("record_id", sa.Uuid(), nullable=True))
    op.add_column("quarantine", sa.Column("window", sa.String(), nullable=False, server_default=""))
    op.add_column("quarantine", sa.Column("captured_at", sa.BigInteger(), nullable=False, server_default="0"))
    op.add_column("quarantine", sa.Column("flags", sa.String(), nullable=False, server_default=""))
    op.add_column("quarantine", sa.Column("place", sa.Integer(), nullable=False, server_default="0"))
    # What was kept before had its capture in its receipt, or, under another's id, nowhere.
    op.execute(
        'update quarantine set captured_at = received_at, "window" = coalesce('
        "(select r.\"window\" from receipts r where r.mutation_id = quarantine.mutation_id), '')"
    )
    op.execute(
        "update quarantine set captured_at = r.captured_at from receipts r"
        " where r.mutation_id = quarantine.mutation_id and r.digest = quarantine.digest"
    )
    op.create_index("ix_quarantine_digest", "quarantine", ["digest"])
    op.create_index("ix_quarantine_record_id", "quarantine", ["record_id"])
    op.create_index("quarantine_in_order", "quarantine", ["decision", "received_at", "place"])
    op.create_table(
        "person_keys",
        sa.Column("record_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("key", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["record_id"], ["records.record_id"]),
        sa.PrimaryKeyConstraint("record_id", "kind"),
    )
    op.create_index("ix_person_keys_key", "person_keys", ["key"])
    op.create_table(
        "findings",
        sa.Column("first_id", sa.Uuid(), nullable=False),
        sa.Column("second_id", sa.Uuid(), nullable=False),
        sa.Column("evidence", sa.String(), nullable=False),
        sa.Column("found_at", sa.BigInteger(), nullable=False),
        sa.Column("decision", sa.String(), nullable=False),
        sa.Column("decided_by", sa.Uuid(), nullable=True),
        sa.Column("decided_at", sa.BigInteger(), nullable=True),
        sa.Column("reason", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["first_id"], ["records.record_id"]),
        sa.ForeignKeyConstraint(["second_id"], ["records.record_id"]),
        sa.PrimaryKeyConstraint("first_id", "second_id"),
    )
    op.create_index("ix_findings_second_id", "findings", ["second_id"])
    op.create_index("findings_in_order", "findings", ["decision", "found_at"])
    op.create_table(
        "feed_positions",
        sa.Column("reader", sa.String(), nullable=False),
        sa.Column("feed_id", sa.Uuid(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("reader", "feed_id"),
    )
