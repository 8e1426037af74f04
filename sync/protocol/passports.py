"""What an applicant's browser and the counter exchange with the server (SPEC P, N)."""

from enum import StrEnum
from typing import Annotated
from uuid import UUID

from msgspec import Meta

from sync.protocol.values import Day, Instant, Line, Url, Wire


class Service(StrEnum):
    regular = "regular"
    sunset = "sunset"
    integrated = "integrated"


class State(StrEnum):
    booked = "booked"
    attended = "attended"
    processing = "processing"
    ready = "ready"
    collected = "collected"
    on_hold = "on_hold"
    rejected = "rejected"
    cancelled = "cancelled"
    expired = "expired"


class Event(StrEnum):
    """What the counter does. `pay` changes no state (SPEC P2)."""

    attend = "attend"
    pay = "pay"
    process = "process"
    finish = "finish"
    collect = "collect"
    hold = "hold"
    resume = "resume"
    reject = "reject"
    cancel = "cancel"
    expire = "expire"


class Locale(StrEnum):
    id = "id"
    en = "en"


class Step(Wire, frozen=True):
    """One line of the timeline: the state since `at`, with a reason the applicant can read."""

    state: State
    at: Instant
    reason: str = ""


class ApplicationView(Wire, frozen=True):
    """One application as its applicant sees it."""

    application_id: UUID
    number: str
    service: Service
    state: State
    visit_on: Day
    paid: bool
    promised_on: Day
    timeline: tuple[Step, ...]
    push_key: str
    now: Instant


class SubscriptionRequest(Wire, frozen=True):
    """A PushSubscription, its keys in base64url, and the language to be told in."""

    endpoint: Url
    p256dh: Annotated[str, Meta(max_length=100)]
    auth: Annotated[str, Meta(max_length=40)]
    locale: Locale = Locale.id


class UnsubscribeRequest(Wire, frozen=True):
    endpoint: Url


class EventRequest(Wire, frozen=True):
    """One event at the counter, with the reason where there is one."""

    event: Event
    reason: Line = ""


class CounterRow(Wire, frozen=True):
    """One application as the counter sees it."""

    application_id: UUID
    number: str
    name: str
    service: Service
    state: State
    visit_on: Day
    paid: bool
    promised_on: Day
    allowed: tuple[Event, ...]
