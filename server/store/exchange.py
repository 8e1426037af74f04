"""The mutations of several phones in one transaction (SPEC M15). The order of the steps is what makes them safe:

1. who calls, and for which RTs
2. share the windows of what arrives, so that no sealer passes between our decision and our commit
3. lock the feeds in the order of their ids, and only then read what is stored
4. decide, purely; write; advance the feeds

What has changed for each phone is read after the commit, in `answers`: it holds up nobody who writes.
"""

from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Final
from uuid import UUID

from msgspec import Struct
from sqlalchemy import Connection, bindparam, update
from sqlmodel import col

from server.store import cursor as cursors
from server.store import devices, pull, quarantine, records
from server.store.cursor import Cursor
from server.store.devices import Caller
from server.store.engine import lock_feeds, lock_window
from server.store.lands import Lands
from server.store.pull import Life
from server.store.quarantine import Place
from server.store.statements import Many
from server.tables.people import Device
from sync.errors import Code, Unauthorized
from sync.intake import Incoming
from sync.protocol.exchange import FileNil, Outcome, OutcomeKind
from sync.protocol.values import PROTOCOL
from sync.reconcile import Arrival, Decision, reconcile
from sync.windows import Schedule, capture_instant, window_of


class Job(Struct, frozen=True):
    """One request of a phone: read, not yet decided. `salts` are as many as its mutations.

    A `piece` is part of one that could not be stored whole: what the phone says of itself is not written with it.
    """

    secret_hash: bytes
    phone_now: int
    now: int
    cursor: str
    incoming: tuple[Incoming, ...] = ()
    salts: tuple[bytes, ...] = ()
    ask: tuple[UUID, ...] = ()
    check: bool = False
    unsent: int = 0
    app: str = ""
    wiped: bool = False
    version: int = PROTOCOL
    piece: bool = False

    @property
    def offset(self) -> int:
        """The server's now minus the phone's."""
        return self.now - self.phone_now


class Taken(Struct, frozen=True):
    """A job of a phone that is known, where its cursor stood, and what was decided and stored of its mutations."""

    job: Job
    caller: Caller
    before: Cursor | None
    outcomes: tuple[Outcome, ...] = ()

    def fits(self, life: str) -> bool:
        """Whether the phone knows no other life of the database than this. To a revoked one it makes no difference:
        it is told no new cursor, and what it brings is kept and not applied (SPEC D1)."""
        return self.before is None or self.before.epoch == life or self.caller.revoked


def recognise(conn: Connection, jobs: Sequence[Job], life: Life, lands: Lands) -> list[Taken | Unauthorized]:
    """Who calls. Nothing is decided yet."""
    if not jobs:
        return []
    known = devices.met(conn, {job.secret_hash for job in jobs})
    theirs = lands.of(conn, f"{life.epoch}/{life.areas}", {one.officer_id for one in known.values()})
    return [
        Taken(job, one.with_lands(theirs[one.officer_id]), cursors.decode(job.cursor))
        if (one := known.get(job.secret_hash))
        else Unauthorized(Code.unauthorized)
        for job in jobs
    ]


def take(conn: Connection, jobs: Sequence[Job], schedule: Schedule, lands: Lands) -> list[Taken | Unauthorized]:
    """Decide and store the mutations of some requests. An unknown phone gets Unauthorized, the others are taken."""
    life = pull.life(conn)
    met = recognise(conn, jobs, life, lands)
    calls = [call for call in met if isinstance(call, Taken)]
    outcomes = iter(_outcomes(conn, calls, life.epoch, schedule))
    _remember(conn, calls)
    return [
        Taken(call.job, call.caller, call.before, next(outcomes)) if isinstance(call, Taken) else call for call in met
    ]


def _outcomes(conn: Connection, calls: Sequence[Taken], life: str, schedule: Schedule) -> list[tuple[Outcome, ...]]:
    """What becomes of the mutations of each call, in their order.

    A phone that knew another life of the database keeps its mutations until it has learned of this one: they may
    build upon what only the phone still holds, and that must come first (SPEC M17).
    """
    fitting = [call for call in calls if call.fits(life)]
    arrivals = [_arrivals(call, schedule) for call in fitting]
    feeds = {land.span.area_id: land.feed_id for call in fitting for land in call.caller.territories}
    now = max((call.job.now for call in fitting), default=0)
    decisions = iter(decide(conn, list(chain(*arrivals)), feeds, chain(*(call.job.salts for call in fitting)), now))
    return [
        tuple(next(decisions).outcome if call.fits(life) else _retry(incoming) for incoming in call.job.incoming)
        for call in calls
    ]


def _retry(incoming: Incoming) -> Outcome:
    return Outcome(incoming.mutation_id, OutcomeKind.retry)


def decide(
    conn: Connection,
    arrivals: Sequence[Arrival],
    feeds: dict[UUID, UUID],
    salts: Iterator[bytes],
    now: int,
    place: Place | None = None,
) -> list[Decision]:
    """Steps 2 to 4: lock, read, reconcile, write. `feeds` names the feed of each RT that an arrival may touch.

    `place` is where in the quarantine the arrivals come from, None for new ones.
    """
    if not arrivals:
        return []
    mutations = [arrival.incoming.mutation for arrival in arrivals if arrival.incoming.mutation]
    for window in sorted({arrival.window for arrival in arrivals}):
        lock_window(conn, window, shared=True)
    touched = {feeds[mutation.area_id] for mutation in mutations if mutation.area_id in feeds}
    counters = lock_feeds(conn, touched)
    seen = records.seen_mutations(conn, {arrival.incoming.mutation_id for arrival in arrivals})
    held = records.held_records(conn, {mutation.record_id for mutation in mutations})
    beginnings = {mutation.record_id for mutation in mutations if not isinstance(mutation, FileNil)} - held.keys()
    decisions = reconcile(arrivals, seen, held, quarantine.kept(conn, beginnings, place))
    records.write(conn, decisions, records.Ground(held, feeds, counters), salts, now)
    records.advance(conn, counters)
    return decisions


def _arrivals(call: Taken, schedule: Schedule) -> list[Arrival]:
    """The mutations of a request, each with its capture on our clock and its window (SPEC W3, W4)."""
    job, caller = call.job, call.caller
    spans = tuple(land.span for land in caller.territories)
    found = []
    for incoming in job.incoming:
        captured_at = incoming.mutation.captured_at if incoming.mutation else job.phone_now
        capture = capture_instant(captured_at, job.phone_now, job.now, caller.clock_offset, caller.enrolled_at)
        window = window_of(capture.instant, schedule).id
        flags = " ".join(capture.flags)
        found.append(
            Arrival(incoming, caller.device_id, spans, False, capture.instant, window, flags, escrow=caller.revoked)
        )
    return found


_PHONE: Final = Many(
    update(Device)
    .where(col(Device.device_id) == bindparam("id"))
    .values({name: bindparam(name) for name in ("clock_offset", "seen_at", "unsent", "app", "wiped_at")}),
    ("clock_offset", "seen_at", "unsent", "app", "wiped_at", "id"),
)


def _remember(conn: Connection, calls: Sequence[Taken]) -> None:
    """What each phone said of itself. One that was revoked and is wiped is not known any more (SPEC D2)."""
    rows = [
        {
            "id": call.caller.device_id,
            "clock_offset": call.job.offset,
            "seen_at": call.job.now,
            "unsent": call.job.unsent,
            "app": call.job.app,
            "wiped_at": call.job.now if call.job.wiped and call.caller.revoked else None,
        }
        for call in sorted(calls, key=lambda call: call.caller.device_id)
        if not call.job.piece
    ]
    _PHONE.run(conn, rows)
