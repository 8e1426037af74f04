"""Applications with their steps; browsers that want to be told; what is told, and its way to each of them."""

from uuid import UUID

from sqlalchemy import Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from server.tables.columns import instant


class Application(SQLModel, table=True):
    """One passport application. Days are YYYY-MM-DD in the city's time zone; `link_hash` is all that is kept of the
    secret in the applicant's link (SPEC P4)."""

    __tablename__ = "applications"
    application_id: UUID = Field(primary_key=True)
    number: str = Field(unique=True)
    name: str
    service: str
    state: str
    visit_on: str
    paid_at: int | None = instant(default=None)
    promised_on: str
    link_hash: bytes = Field(unique=True)
    created_at: int = instant()


class ApplicationStep(SQLModel, table=True):
    """One line of the timeline. `position` counts from 0, so that two counters cannot both take the same step."""

    __tablename__ = "application_steps"
    application_id: UUID = Field(primary_key=True, foreign_key="applications.application_id")
    position: int = Field(primary_key=True)
    state: str
    at: int = instant()
    reason: str
    event: str


class Subscription(SQLModel, table=True):
    """One browser that wants to be told of one application (SPEC N6). `origin` is that of `endpoint`."""

    __tablename__ = "subscriptions"
    __table_args__ = (UniqueConstraint("application_id", "endpoint"),)
    subscription_id: UUID = Field(primary_key=True)
    application_id: UUID = Field(foreign_key="applications.application_id")
    endpoint: str
    origin: str = Field(index=True)
    p256dh: str
    auth: str
    locale: str
    created_at: int = instant()


class Notification(SQLModel, table=True):
    """What is told of an application, once (SPEC N1): the database refuses the same kind again."""

    __tablename__ = "notifications"
    __table_args__ = (UniqueConstraint("application_id", "kind"),)
    notification_id: UUID = Field(primary_key=True)
    application_id: UUID = Field(foreign_key="applications.application_id")
    kind: str
    created_at: int = instant()


class Push(SQLModel, table=True):
    """One notification on its way to one subscription, which may be gone before the push (SPEC N2).

    `next_at` is the instant of the next attempt; while one runs, the end of its lease. `unrecorded` counts the
    attempts of which no result is known.
    """

    __tablename__ = "pushes"
    __table_args__ = (Index("pushes_due", "state", "next_at"),)
    push_id: UUID = Field(primary_key=True)
    notification_id: UUID = Field(foreign_key="notifications.notification_id", index=True)
    subscription_id: UUID = Field(index=True)
    state: str
    attempts: int = 0
    unrecorded: int = 0
    next_at: int = instant()
    expires_at: int = instant()
    lease_id: UUID | None = None
    last_status: int | None = None
    last_at: int | None = instant(default=None)
