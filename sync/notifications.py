"""What an applicant is told, and what the answers of push services mean (SPEC N1-N4).

A notification is written with the change of state that it tells of; each push of it goes to one subscription. The
payload is declarative Web Push (`web_push: 8030`), so that a browser can show it without our service worker. It says
what happened and never to whom: the lock screen of a phone is public.

Must never hold a name, a number or a secret of an application, nor send anything.
"""

from collections.abc import Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime
from enum import StrEnum
from hashlib import sha256
from typing import Final, NamedTuple
from uuid import UUID

import msgspec

from sync.protocol.passports import Locale, State

DECLARATIVE: Final = 8030
SECOND: Final = 1_000
HOUR: Final = 3_600 * SECOND
TIME_TO_LIVE: Final = 28 * 24 * HOUR
"""Push services keep a message four weeks at most; a passport waits thirty days."""

UNRECORDED_ATTEMPTS: Final = 5
FIRST_DELAY: Final = 30 * SECOND
LONGEST_DELAY: Final = 6 * HOUR
PAUSE: Final = 1 * HOUR


class Kind(StrEnum):
    ready = "ready"


class Urgency(StrEnum):
    """How soon a sleeping phone is woken, RFC 8030 section 5.3."""

    normal = "normal"
    high = "high"


class Words(NamedTuple):
    title: str
    body: str


ANNOUNCED: Final[Mapping[State, Kind]] = {State.ready: Kind.ready}

URGENCY: Final[Mapping[Kind, Urgency]] = {Kind.ready: Urgency.high}

WORDS: Final[Mapping[Kind, Mapping[Locale, Words]]] = {
    Kind.ready: {
        Locale.id: Words("Paspor siap diambil", "Paspor dapat diambil di kantor imigrasi. Ketuk untuk melihatnya."),
        Locale.en: Words("Passport ready", "The passport can be collected at the immigration office. Tap to see it."),
    },
}


def topic(kind: Kind, application_id: UUID) -> str:
    """32 hex characters that are the same for each push of one notification, and tell nothing (RFC 8030, 5.4)."""
    return sha256(b"topic:" + kind.encode() + application_id.bytes).hexdigest()[:32]


def payload(kind: Kind, application_id: UUID, locale: Locale, origin: str) -> bytes:
    """The message in the subscriber's language, UTF-8 JSON, far below the 3,993 bytes that fit (SPEC N3).

    `origin` is that of the server as its users know it, such as `https://ronda.example.org`.
    """
    words = WORDS[kind][locale]
    return msgspec.json.encode(
        {
            "web_push": DECLARATIVE,
            "notification": {
                "title": words.title,
                "body": words.body,
                "lang": locale,
                "dir": "ltr",
                "tag": topic(kind, application_id),
                "navigate": f"{origin.rstrip('/')}/paspor/",
            },
        }
    )


class Fate(StrEnum):
    """What becomes of a push after an attempt."""

    accepted = "accepted"
    gone = "gone"
    retry = "retry"
    held_back = "held_back"
    refused = "refused"
    failed = "failed"


class PushState(StrEnum):
    """`sending`: an attempt runs, or its worker died; `dropped`: its news is no longer true."""

    waiting = "waiting"
    sending = "sending"
    accepted = "accepted"
    gone = "gone"
    failed = "failed"
    dropped = "dropped"


AFTER: Final[Mapping[Fate, PushState]] = {
    Fate.accepted: PushState.accepted,
    Fate.gone: PushState.gone,
    Fate.retry: PushState.waiting,
    Fate.held_back: PushState.waiting,
    Fate.refused: PushState.waiting,
    Fate.failed: PushState.failed,
}


class Reaction(NamedTuple):
    """`at` is the instant of the next attempt; `held_back` and `refused` hold for the whole origin until then."""

    fate: Fate
    at: int = 0


FATES: Final[Mapping[int, Fate]] = {
    200: Fate.accepted,
    201: Fate.accepted,
    202: Fate.accepted,
    400: Fate.failed,
    401: Fate.refused,
    403: Fate.refused,
    404: Fate.gone,
    410: Fate.gone,
    413: Fate.failed,
    429: Fate.held_back,
}

WAITING: Final = frozenset({Fate.retry, Fate.held_back, Fate.refused})


def react(status: int | None, retry_after: str, now: int, attempts: int, expires_at: int) -> Reaction:
    """What an answer means (SPEC N4). `status` None: no answer. `attempts` counts this one; instants in ms.

    A push service that says when to come again is believed, but never asked within half a minute.
    """
    fate = Fate.retry if status is None else FATES.get(status, Fate.retry)
    if fate not in WAITING:
        return Reaction(fate)
    said = _instant(retry_after, now)
    delay = PAUSE if fate is Fate.refused else backoff(attempts if said is None else 1)
    at = max(now + delay, said or 0)
    return Reaction(fate, at) if at < expires_at else Reaction(Fate.failed)


def backoff(attempts: int) -> int:
    """Milliseconds to wait after the given number of attempts: half a minute, doubled each time, at most 6 hours."""
    return min(FIRST_DELAY << min(attempts - 1, 30), LONGEST_DELAY)


def _instant(retry_after: str, now: int) -> int | None:
    """The instant of a Retry-After header, seconds or a date (RFC 9110, 10.2.3); None when it says nothing."""
    text = retry_after.strip()
    if text.isascii() and text.isdigit() and len(text) < 10:
        return now + int(text) * SECOND
    try:
        said = parsedate_to_datetime(text)
    except ValueError:
        return None
    return int((said if said.tzinfo else said.replace(tzinfo=UTC)).timestamp()) * SECOND
