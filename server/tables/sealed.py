"""What makes the database itself refuse to change a sealed batch (SPEC B7). The migrations run these statements.

The body of an entry may be destroyed, as the privacy law demands; nothing else of it changes, and nothing is deleted.
"""

from typing import Final

_KEPT: Final = ("batch_id", "position", "record_id", "version", "salt", "digest")
_MESSAGE: Final = "a sealed batch never changes"


def _sqlite() -> list[str]:
    refuse = f"BEGIN SELECT RAISE(ABORT, '{_MESSAGE}'); END"
    changed = " OR ".join(f"NEW.{column} IS NOT OLD.{column}" for column in _KEPT)
    return [
        f"CREATE TRIGGER batches_update BEFORE UPDATE ON batches {refuse}",
        f"CREATE TRIGGER batches_delete BEFORE DELETE ON batches {refuse}",
        f"CREATE TRIGGER batch_entries_delete BEFORE DELETE ON batch_entries {refuse}",
        "CREATE TRIGGER batch_entries_update BEFORE UPDATE ON batch_entries "
        f"WHEN NEW.body IS NOT NULL OR {changed} {refuse}",
    ]


def _postgresql() -> list[str]:
    kept = ", ".join
    old, new = kept(f"OLD.{column}" for column in _KEPT), kept(f"NEW.{column}" for column in _KEPT)
    refuse = "EXECUTE FUNCTION refuse_sealed()"
    return [
        "CREATE FUNCTION refuse_sealed() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{_MESSAGE}' USING ERRCODE = 'integrity_constraint_violation'; END $$",
        f"CREATE TRIGGER batches_sealed BEFORE UPDATE OR DELETE ON batches FOR EACH ROW {refuse}",
        f"CREATE TRIGGER batches_kept BEFORE TRUNCATE ON batches FOR EACH STATEMENT {refuse}",
        f"CREATE TRIGGER batch_entries_delete BEFORE DELETE ON batch_entries FOR EACH ROW {refuse}",
        f"CREATE TRIGGER batch_entries_kept BEFORE TRUNCATE ON batch_entries FOR EACH STATEMENT {refuse}",
        "CREATE TRIGGER batch_entries_update BEFORE UPDATE ON batch_entries FOR EACH ROW "
        f"WHEN (NEW.body IS NOT NULL OR ({new}) IS DISTINCT FROM ({old})) {refuse}",
    ]


SEAL_TRIGGERS: Final = {"sqlite": _sqlite(), "postgresql": _postgresql()}
