"""What the console shows: people at desks, signed in with a password."""

from enum import StrEnum
from typing import Annotated
from uuid import UUID

from msgspec import Meta

from sync.protocol.exchange import Area, OfficerRole
from sync.protocol.records import Groups, Report
from sync.protocol.values import Instant, Line, Wire


class ConsoleRole(StrEnum):
    lurah = "lurah"
    camat = "camat"
    immigration = "immigration"
    admin = "admin"


class Problem(Wire, frozen=True):
    """application/problem+json, RFC 9457; `code` is stable."""

    type: str
    title: str
    status: int
    code: str
    detail: str = ""


class SignInRequest(Wire, frozen=True):
    username: Line
    password: Annotated[str, Meta(max_length=1000)]


class ConsoleUser(Wire, frozen=True):
    user_id: UUID
    name: str
    role: ConsoleRole
    area: str


class WindowState(StrEnum):
    upcoming = "upcoming"
    open = "open"
    grace = "grace"
    due = "due"
    sealed = "sealed"


class WindowView(Wire, frozen=True):
    """One of today's windows: how many RTs of the user's area have reported in it."""

    window: str
    opens_at: Instant
    closes_at: Instant
    state: WindowState
    areas: int
    reported: int
    nils: int


class Today(Wire, frozen=True):
    now: Instant
    timezone: str
    windows: tuple[WindowView, ...]


class DeliveryState(StrEnum):
    waiting = "waiting"
    sending = "sending"
    accepted = "accepted"
    failed = "failed"


class DeliveryView(Wire, frozen=True):
    destination: str
    transport: str
    state: DeliveryState
    attempts: int
    last_at: Instant | None
    last_error: str
    accepted_at: Instant | None


class BatchView(Wire, frozen=True):
    batch_id: UUID
    window: str
    part: int
    sealed_at: Instant
    hash: str
    previous: str
    entries: int
    deliveries: tuple[DeliveryView, ...]


class ConflictView(Wire, frozen=True):
    """Values that disagree: what the phone knew, what it wrote, and what the server holds now."""

    conflict_id: UUID
    record_id: UUID
    area: Area
    opened_at: Instant
    base: Groups
    phone: Groups
    server: Report
    server_version: int
    server_removed: bool


class PhoneStanding(StrEnum):
    """A revoked phone hands in what it has not sent and is then wiped (SPEC D1, D2)."""

    trusted = "trusted"
    revoked = "revoked"
    wiped = "wiped"


class PhoneView(Wire, frozen=True):
    """One phone of an officer; `unsent` and `app` are what it said at the last contact, `seen_at`."""

    device_id: UUID
    name: str
    enrolled_at: Instant
    seen_at: Instant
    unsent: int
    app: str
    standing: PhoneStanding
    revoked_at: Instant | None


class OfficerPhones(Wire, frozen=True):
    """An officer with the areas that are theirs, an RW without an RT, and all their phones."""

    officer_id: UUID
    officer: str
    role: OfficerRole
    areas: tuple[Area, ...]
    phones: tuple[PhoneView, ...]


class EnrolmentCode(Wire, frozen=True):
    """A code that enrols one phone, once (SPEC M19), the link that holds it, and that as a QR code: a data: URI."""

    code: str
    link: str
    qr: str
    expires_at: Instant
