"""What makes the database itself count each change of who reports for what, in `meta` under `areas`.

Servers remember an officer's RTs for as long as the count is the same. The migrations run these statements.
"""

from typing import Final

WATCHED: Final = ("areas", "assignments", "successions")
_EVENTS: Final = ("INSERT", "UPDATE", "DELETE")
_COUNT: Final = "UPDATE meta SET value = CAST(CAST(value AS INTEGER) + 1 AS VARCHAR) WHERE key = 'areas'"


def _sqlite() -> list[str]:
    return [
        f"CREATE TRIGGER {table}_{event.lower()}_counts AFTER {event} ON {table} BEGIN {_COUNT}; END"
        for table in WATCHED
        for event in _EVENTS
    ]


def _postgresql() -> list[str]:
    counting = (
        f"CREATE FUNCTION count_areas() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {_COUNT}; RETURN NULL; END $$"
    )
    events = " OR ".join((*_EVENTS, "TRUNCATE"))
    triggers = (
        f"CREATE TRIGGER {table}_counts AFTER {events} ON {table} FOR EACH STATEMENT EXECUTE FUNCTION count_areas()"
        for table in WATCHED
    )
    return [counting, *triggers]


AREA_TRIGGERS: Final = {"sqlite": _sqlite(), "postgresql": _postgresql()}
