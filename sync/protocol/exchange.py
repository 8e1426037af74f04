"""The exchange between a phone and the server: mutations up, outcomes and changes down (SPEC M1-M20)."""

from enum import StrEnum
from typing import Annotated
from uuid import UUID

from msgspec import UNSET, Meta, Raw, UnsetType

from sync.errors import Code
from sync.protocol.records import Groups, Report
from sync.protocol.values import MAX_MUTATIONS, Instant, Line, Wire


class SaveReport(Wire, frozen=True, tag="report", tag_field="kind"):
    """A report begun or edited. `base` holds the values that the phone knew of each group in `changes`."""

    mutation_id: UUID
    record_id: UUID
    area_id: UUID
    captured_at: Instant
    changes: Groups
    base: Groups = Groups()


class RemoveReport(Wire, frozen=True, tag="remove", tag_field="kind"):
    """A report that was a mistake. `base` holds all groups as the phone knew them."""

    mutation_id: UUID
    record_id: UUID
    area_id: UUID
    captured_at: Instant
    base: Groups = Groups()


class FileNil(Wire, frozen=True, tag="nil", tag_field="kind"):
    """Nihil: nothing to report in this RT in the window of the capture; nobody is there, or nothing has changed."""

    mutation_id: UUID
    record_id: UUID
    area_id: UUID
    captured_at: Instant


class Resolve(Wire, frozen=True, tag="resolve", tag_field="kind"):
    """A person's decision between values that disagree, naming all it saw (SPEC M14); `removed` leaves a tombstone."""

    mutation_id: UUID
    record_id: UUID
    area_id: UUID
    captured_at: Instant
    seen_version: int
    conflict_ids: tuple[UUID, ...]
    changes: Groups
    removed: bool = False


Mutation = SaveReport | RemoveReport | FileNil | Resolve


class ExchangeRequest(Wire, frozen=True):
    """One request of a phone. The mutations are read one by one, later (SPEC M2).

    `ask` names mutations whose last outcome the phone wants to know again (SPEC M21), `check` asks for the digest of
    its records (SPEC M22). `unsent` is how many mutations wait behind these, `app` the version of the app; `wiped`
    tells that a revoked phone has handed in and deleted all (SPEC D2).
    """

    protocol: int
    now: Instant
    mutations: Annotated[tuple[Raw, ...], Meta(max_length=MAX_MUTATIONS)] = ()
    cursor: Annotated[str, Meta(max_length=4096)] = ""
    ask: Annotated[tuple[UUID, ...], Meta(max_length=MAX_MUTATIONS)] = ()
    check: bool = False
    unsent: Annotated[int, Meta(ge=0, le=1_000_000)] = 0
    app: Line = ""
    wiped: bool = False


class OutcomeKind(StrEnum):
    applied = "applied"
    merged = "merged"
    conflicted = "conflicted"
    replayed = "replayed"
    quarantined = "quarantined"
    rejected = "rejected"
    retry = "retry"


class Outcome(Wire, frozen=True):
    """What became of one mutation; `was` is the first outcome of a replayed one, `version` 0 where there is none.

    `reason` is what a person wrote who discarded it from quarantine (SPEC M21).
    """

    mutation_id: UUID
    outcome: OutcomeKind
    version: int = 0
    window: str = ""
    was: OutcomeKind | None = None
    code: Code | None = None
    reason: Line | UnsetType = UNSET


class BatchMark(Wire, frozen=True):
    """The batch that holds the present version of a record."""

    window: str
    part: int
    hash: str


class ReportChange(Wire, frozen=True, tag="report", tag_field="kind"):
    record_id: UUID
    area_id: UUID
    version: int
    report: Report
    removed: bool
    conflicts: int
    window: str
    captured_at: Instant
    batch: BatchMark | None


class NilChange(Wire, frozen=True, tag="nil", tag_field="kind"):
    record_id: UUID
    area_id: UUID
    version: int
    window: str
    captured_at: Instant
    batch: BatchMark | None


Change = ReportChange | NilChange


class Area(Wire, frozen=True):
    """An RT that the officer reports for, and its neighbourhood's names.

    One that has `ended` has successors that the officer reports for; its records are still theirs (SPEC A3).
    """

    area_id: UUID
    rt: str
    rw: str
    kelurahan: str
    kecamatan: str
    ended: bool | UnsetType = UNSET


class Close(Wire, frozen=True):
    name: str
    at: Annotated[str, Meta(pattern=r"^[0-9]{2}:[0-9]{2}(?![\s\S])", description="local time, HH:MM")]


class ScheduleView(Wire, frozen=True):
    """The day's windows, by their closes in local time (SPEC W1)."""

    timezone: str
    closes: tuple[Close, ...]
    grace_minutes: int


class OfficerRole(StrEnum):
    rt_head = "rt_head"
    rw_head = "rw_head"


class Scope(Wire, frozen=True):
    """Who the officer is, where and when they report. Sent when the phone holds another."""

    officer: Line
    role: OfficerRole
    areas: tuple[Area, ...]
    schedule: ScheduleView


class PhoneState(StrEnum):
    trusted = "trusted"
    revoked = "revoked"


class Standing(Wire, frozen=True):
    """Whether the phone is trusted, and until when it may show what it holds without asking again (SPEC D1, D3)."""

    state: PhoneState
    lease_until: Instant


class ExchangeResponse(Wire, frozen=True):
    """`told` answers `ask`, `digest` answers `check`; `wait` is when to come again, in milliseconds, 0 when the phone
    may choose (SPEC M24)."""

    protocol: int
    now: Instant
    outcomes: tuple[Outcome, ...]
    changes: tuple[Change, ...]
    cursor: str
    more: bool
    resync: bool = False
    scope: Scope | UnsetType = UNSET
    told: tuple[Outcome, ...] | UnsetType = UNSET
    digest: str | UnsetType = UNSET
    standing: Standing | UnsetType = UNSET
    wait: int | UnsetType = UNSET


class EnrolRequest(Wire, frozen=True):
    """The phone makes `device_id` and `secret` (256 random bits, base64url) itself (SPEC M19)."""

    code: Annotated[str, Meta(min_length=8, max_length=32)]
    device_id: UUID
    secret: Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]{43}(?![\s\S])")]
    device_name: Line


class Enrolled(Wire, frozen=True):
    now: Instant
    scope: Scope
