"""Sends the pushes that are due: claim, send, record (SPEC N2). The worker calls it again and again.

Each attempt is stored before it is made. Must never send what is not stored, nor log an endpoint or a payload.
"""

import asyncio
from typing import Final

import structlog

from server import clock
from server.settings import Settings
from server.store import notifications
from server.store.engine import Database
from server.store.notifications import DuePush
from server.webpush.endpoints import Target
from server.webpush.sender import Answer, Message, Sender
from sync.errors import Refused
from sync.notifications import URGENCY, Fate, Reaction, payload, react, topic

AT_ONCE: Final = 32
LEASES_PER_TIMEOUT: Final = 3

log = structlog.get_logger()


async def run_pushes(db: Database, sender: Sender, settings: Settings) -> int:
    """Send what is due, at most AT_ONCE pushes; how many were attempted, so that the caller comes again for more."""
    lease = LEASES_PER_TIMEOUT * settings.push_seconds * 1_000
    due = await db.write(notifications.claim, clock.new_id(), clock.now(), lease, AT_ONCE)
    attempts = (_attempt(db, sender, settings, push) for push in due)
    for result in await asyncio.gather(*attempts, return_exceptions=True):
        if isinstance(result, BaseException):
            log.error("push_unrecorded", error=type(result).__name__)
    return len(due)


async def _attempt(db: Database, sender: Sender, settings: Settings, push: DuePush) -> None:
    """Send one push and record what became of it. When this fails, the lease ends and the push is tried again."""
    now = clock.now()
    message = Message(
        payload=payload(push.kind, push.application_id, push.locale, settings.origin),
        topic=topic(push.kind, push.application_id),
        ttl=max(1, (push.expires_at - now) // 1_000),
        urgency=URGENCY[push.kind],
    )
    try:
        answer = await sender.send(Target(push.endpoint, push.p256dh, push.auth), message, now)
        reaction = react(answer.status, answer.retry_after, clock.now(), push.attempts, push.expires_at)
    except Refused:
        # The endpoint was good when it was stored; the operator has changed the setting since.
        answer, reaction = Answer(None), Reaction(Fate.failed)
    await db.write(notifications.record, push, reaction, answer.status, clock.now())
    _tell_operator(push, reaction, answer)


def _tell_operator(push: DuePush, reaction: Reaction, answer: Answer) -> None:
    """What needs a person is an error: our key is refused, or a push was given up."""
    facts = {"push": str(push.push_id), "origin": push.origin, "status": answer.status}
    if reaction.fate in {Fate.refused, Fate.failed}:
        log.error(f"push_{reaction.fate}", **facts, attempts=push.attempts)
    else:
        log.info(f"push_{reaction.fate}", **facts)
