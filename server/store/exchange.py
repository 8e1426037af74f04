"""The exchanges of several phones in one transaction (SPEC M15). The order of the steps is what makes them safe:

1. who calls, and for which RTs
2. share the windows of what arrives, so that no sealer passes between our decision and our commit
3. lock the feeds in the order of their ids, and only then read what is stored
4. decide, purely; write; advance the feeds
5. read for each phone what it has not seen
"""

from collections.abc import Collection, Iterator, Sequence
from itertools import chain
from typing import Final
from uuid import UUID

from msgspec import UNSET, Struct
from sqlalchemy import Connection, bindparam, update
from sqlmodel import col

from server.store import cursor, devices, pull, records
from server.store.devices import Caller
from server.store.engine import lock_feeds, lock_window
from server.tables.people import Device
from sync.errors import Code, RondaError, Unauthorized
from sync.intake import Incoming
from sync.protocol.exchange import Close, ExchangeResponse, Outcome, ScheduleView
from sync.protocol.values import PROTOCOL
from sync.reconcile import Arrival, Decision, reconcile
from sync.windows import Schedule, capture_instant, window_of

Answer = ExchangeResponse | RondaError


class Job(Struct, frozen=True):
    """One request of a phone: read, not yet decided. `salts` are as many as its mutations."""

    secret_hash: bytes
    phone_now: int
    now: int
    cursor: str
    incoming: tuple[Incoming, ...]
    salts: tuple[bytes, ...]


def exchange(conn: Connection, jobs: Sequence[Job], schedule: Schedule) -> list[Answer]:
    """Decide, store and answer some requests. An unknown phone gets Unauthorized, and the others are answered."""
    known = devices.callers(conn, {job.secret_hash for job in jobs})
    called = [(job, known[job.secret_hash]) for job in jobs if job.secret_hash in known]
    arrivals = [_arrivals(job, caller, schedule) for job, caller in called]
    feeds = {land.span.area_id: land.feed_id for caller in known.values() for land in caller.territories}
    now = max(job.now for job in jobs)
    decisions = decide(conn, list(chain(*arrivals)), feeds, chain(*(job.salts for job, _ in called)), now)
    _remember_clocks(conn, called)
    ends = pull.counters(conn, {feed_id for caller in known.values() for feed_id in _feeds_of(caller)})
    life = pull.epoch(conn)
    outcomes = iter([decision.outcome for decision in decisions])
    answers: dict[int, Answer] = {}
    for job, caller in called:
        own = tuple(next(outcomes) for _ in job.incoming)
        answers[id(job)] = _answer(conn, job, caller, own, ends, life, schedule)
    return [answers.get(id(job), Unauthorized(Code.unauthorized)) for job in jobs]


def decide(
    conn: Connection, arrivals: Sequence[Arrival], feeds: dict[UUID, UUID], salts: Iterator[bytes], now: int
) -> list[Decision]:
    """Steps 2 to 4: lock, read, reconcile, write. `feeds` names the feed of each RT that an arrival may touch."""
    if not arrivals:
        return []
    mutations = [arrival.incoming.mutation for arrival in arrivals if arrival.incoming.mutation]
    for window in sorted({arrival.window for arrival in arrivals}):
        lock_window(conn, window, shared=True)
    touched = {feeds[mutation.area_id] for mutation in mutations if mutation.area_id in feeds}
    counters = lock_feeds(conn, touched)
    seen = records.seen_mutations(conn, {arrival.incoming.mutation_id for arrival in arrivals})
    held = records.held_records(conn, {mutation.record_id for mutation in mutations})
    decisions = reconcile(arrivals, seen, held)
    records.write(conn, decisions, records.Ground(held, feeds, counters), salts, now)
    records.advance(conn, counters)
    return decisions


def _arrivals(job: Job, caller: Caller, schedule: Schedule) -> list[Arrival]:
    """The mutations of a request, each with its capture on our clock and its window (SPEC W3, W4)."""
    spans = tuple(land.span for land in caller.territories)
    found = []
    for incoming in job.incoming:
        captured_at = incoming.mutation.captured_at if incoming.mutation else job.phone_now
        capture = capture_instant(captured_at, job.phone_now, job.now, caller.clock_offset, caller.enrolled_at)
        window = window_of(capture.instant, schedule).id
        flags = " ".join(capture.flags)
        found.append(Arrival(incoming, caller.device_id, spans, False, capture.instant, window, flags))
    return found


def _feeds_of(caller: Caller) -> Collection[UUID]:
    return {land.feed_id for land in caller.territories}


_CLOCK: Final = (
    update(Device)
    .where(col(Device.device_id) == bindparam("id"))
    .values(clock_offset=bindparam("offset"), seen_at=bindparam("now"))
)


def _remember_clocks(conn: Connection, called: Sequence[tuple[Job, Caller]]) -> None:
    ordered = sorted(called, key=lambda pair: pair[1].device_id)
    if ordered:
        rows = [{"id": c.device_id, "offset": job.now - job.phone_now, "now": job.now} for job, c in ordered]
        conn.execute(_CLOCK, rows)


def _answer(
    conn: Connection,
    job: Job,
    caller: Caller,
    outcomes: tuple[Outcome, ...],
    ends: dict[UUID, int],
    life: str,
    schedule: Schedule,
) -> ExchangeResponse:
    before = cursor.decode(job.cursor)
    page = pull.page(conn, caller, before, job.now, ends, life)
    knows_scope = before is not None and before.scope_version == caller.scope_version
    return ExchangeResponse(
        protocol=PROTOCOL,
        now=job.now,
        outcomes=outcomes,
        changes=page.changes,
        cursor=cursor.encode(page.cursor),
        more=page.more,
        resync=page.resync,
        scope=UNSET if knows_scope else devices.scope(conn, caller, job.now, schedule_view(schedule)),
    )


def schedule_view(schedule: Schedule) -> ScheduleView:
    """The schedule as phones know it."""
    closes = tuple(Close(name, at) for name, at in schedule.closes)
    return ScheduleView(schedule.timezone, closes, schedule.grace_minutes)
