"""What the console shows: people at desks, signed in with a password."""

from enum import StrEnum
from typing import Annotated
from uuid import UUID

from msgspec import Meta

from sync.errors import Code
from sync.protocol.exchange import Area, OfficerRole
from sync.protocol.records import Groups, Report
from sync.protocol.values import Instant, Line, Sha256, Wire


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


class QuarantineView(Wire, frozen=True):
    """A mutation that waits for a decision (SPEC M21): why it was kept, and what can be read of it.

    `areas` are the RTs of the officer who wrote it, `area` the one that it names, where it is known. `payload` is its
    JSON where it is JSON, else its text. `follows` tells that an earlier one of the same record must be decided first.
    """

    mutation_id: UUID
    digest: Sha256
    code: Code
    author: str
    device: str
    areas: tuple[Area, ...]
    area: Area | None
    captured_at: Instant
    received_at: Instant
    payload: str
    follows: bool


class Ruling(StrEnum):
    """What a person decides of a quarantined mutation."""

    release = "release"
    discard = "discard"


class RulingRequest(Wire, frozen=True):
    """A discarded mutation needs a reason, which its phone is told."""

    decision: Ruling
    reason: Line = ""


class Evidence(StrEnum):
    """What two reports of one person have in common (SPEC T1)."""

    document = "document"
    person = "person"


class FindingSide(Wire, frozen=True):
    """One of two reports. `report` is missing where it lies outside of the user's area."""

    record_id: UUID
    area: Area
    captured_at: Instant
    report: Report | None


class FindingView(Wire, frozen=True):
    """Two reports that may be of one person (SPEC T2)."""

    sides: tuple[FindingSide, FindingSide]
    evidence: tuple[Evidence, ...]
    found_at: Instant


class Verdict(StrEnum):
    same = "same"
    different = "different"


class VerdictRequest(Wire, frozen=True):
    decision: Verdict
    reason: Line = ""
