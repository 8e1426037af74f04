"""A count of the changes of areas and assignments"""

from alembic import op

from server.tables.generation import AREA_TRIGGERS

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("INSERT INTO meta (key, value) VALUES ('areas', '0')")
    for statement in AREA_TRIGGERS[op.get_bind().dialect.name]:
        op.execute(statement)
