"""What each phone is told after its mutations were stored: changes, cursor, scope, standing (SPEC M17-M24).

A read of its own, after the commit: it may be late or left out under load, and nothing of a mutation is lost by it.
"""

import hashlib
from collections.abc import Sequence

import msgspec
from msgspec import UNSET, Struct
from sqlalchemy import Connection

from server.store import cursor as cursors
from server.store import devices, pull, quarantine
from server.store.cursor import Cursor
from server.store.devices import Caller
from server.store.exchange import Job, Taken, recognise
from server.store.lands import Lands
from server.store.pull import Page, Wish
from sync.errors import RondaError, Unauthorized
from sync.protocol.exchange import Close, ExchangeResponse, Outcome, PhoneState, ScheduleView, Standing
from sync.protocol.values import PROTOCOL
from sync.protocol.versions import as_known_to
from sync.windows import Schedule

Answer = ExchangeResponse | RondaError


class Terms(Struct, frozen=True):
    """What the city decides: its schedule, and for how many milliseconds a phone is trusted unheard (SPEC D3)."""

    schedule: Schedule
    lease: int


def answers(conn: Connection, asked: Sequence[Taken | Job], terms: Terms, lands: Lands) -> list[Answer]:
    """The answer to each request; one that is only a job brought no mutations and was not recognised yet."""
    life = pull.life(conn)
    met = iter(recognise(conn, [one for one in asked if isinstance(one, Job)], life, lands))
    calls = [next(met) if isinstance(one, Job) else one for one in asked]
    known = [call for call in calls if isinstance(call, Taken)]
    view = schedule_view(terms.schedule)
    said = msgspec.json.encode(view)
    wishes = [_wish(call, life.epoch, said) for call in known]
    pages = iter(zip(wishes, pull.pages(conn, wishes), strict=True))
    return [
        call if isinstance(call, Unauthorized) else _answer(conn, call, *next(pages), view, terms) for call in calls
    ]


def unread(call: Taken, wait: int, terms: Terms) -> ExchangeResponse:
    """The answer that tells what became of the mutations, and that the rest is to be asked for later (SPEC M24)."""
    answer = ExchangeResponse(
        protocol=PROTOCOL,
        now=call.job.now,
        outcomes=call.outcomes,
        changes=(),
        cursor=call.job.cursor,
        more=True,
        standing=_standing(call.caller, call.job.now, terms),
        wait=wait,
    )
    return as_known_to(call.job.version, answer)


def _wish(call: Taken, life: str, view: bytes) -> Wish:
    caller = call.caller
    lands = [] if caller.revoked else caller.lands_at(call.job.now)
    areas = b"".join([land.span.area_id.bytes for land in lands])
    officer = f"{caller.officer}/{caller.role}/".encode()
    return Wish(lands, call.before, Cursor(life, _digest(areas), _digest(officer + areas + view), {}, call.job.now))


def _answer(
    conn: Connection, call: Taken, wish: Wish, page: Page, view: ScheduleView, terms: Terms
) -> ExchangeResponse:
    job, caller, before = call.job, call.caller, call.before
    knows_scope = caller.revoked or (before is not None and before.scope == wish.after.scope)
    checks = job.check and not page.more and not caller.revoked
    answer = ExchangeResponse(
        protocol=PROTOCOL,
        now=job.now,
        outcomes=call.outcomes,
        changes=page.changes,
        cursor=job.cursor if caller.revoked else cursors.encode(page.cursor),
        more=page.more,
        resync=page.resync and not caller.revoked,
        scope=UNSET if knows_scope else devices.scope(conn, caller, job.now, view),
        told=_told(conn, call) if job.ask else UNSET,
        digest=pull.digest(conn, wish.lands) if checks else UNSET,
        standing=_standing(caller, job.now, terms),
    )
    return as_known_to(job.version, answer)


def _told(conn: Connection, call: Taken) -> tuple[Outcome, ...]:
    """What became of the mutations that the phone asks for (SPEC M21)."""
    told = quarantine.told(conn, call.caller.device_id, call.job.ask)
    return tuple(told[mutation_id] for mutation_id in call.job.ask if mutation_id in told)


def _standing(caller: Caller, now: int, terms: Terms) -> Standing:
    if caller.revoked:
        return Standing(PhoneState.revoked, now)
    return Standing(PhoneState.trusted, now + terms.lease)


def _digest(told: bytes) -> str:
    return hashlib.sha256(told).hexdigest()[:16]


def schedule_view(schedule: Schedule) -> ScheduleView:
    """The schedule as phones know it."""
    closes = tuple(Close(name, at) for name, at in schedule.closes)
    return ScheduleView(schedule.timezone, closes, schedule.grace_minutes)
