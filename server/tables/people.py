"""Officers with their phones and areas; console users with their sessions. Secrets are kept as hashes only."""

from uuid import UUID

from sqlmodel import Field, SQLModel

from server.tables.columns import instant


class Officer(SQLModel, table=True):
    __tablename__ = "officers"
    officer_id: UUID = Field(primary_key=True)
    name: str
    role: str


class Assignment(SQLModel, table=True):
    """An officer reports for an area from `valid_from` until before `valid_to`."""

    __tablename__ = "assignments"
    assignment_id: UUID = Field(primary_key=True)
    officer_id: UUID = Field(foreign_key="officers.officer_id", index=True)
    area_id: UUID = Field(foreign_key="areas.area_id", index=True)
    valid_from: int = instant()
    valid_to: int | None = instant(default=None)


class EnrolmentCode(SQLModel, table=True):
    """A code that enrols one phone (SPEC M19); `device_id` is the phone that used it."""

    __tablename__ = "enrolment_codes"
    code_hash: bytes = Field(primary_key=True)
    officer_id: UUID = Field(foreign_key="officers.officer_id")
    expires_at: int = instant()
    device_id: UUID | None = None


class Device(SQLModel, table=True):
    """One phone. `clock_offset` is the server's now minus the phone's, at the last exchange; `unsent` and `app` are
    what it said of itself then. A phone that was revoked hands in what it has and is then wiped (SPEC D1, D2)."""

    __tablename__ = "devices"
    device_id: UUID = Field(primary_key=True)
    officer_id: UUID = Field(foreign_key="officers.officer_id", index=True)
    name: str
    secret_hash: bytes = Field(unique=True)
    enrolled_at: int = instant()
    clock_offset: int | None = instant(default=None)
    seen_at: int = instant()
    unsent: int = 0
    app: str = ""
    revoked_at: int | None = instant(default=None)
    wiped_at: int | None = instant(default=None)


class ConsoleUser(SQLModel, table=True):
    __tablename__ = "console_users"
    user_id: UUID = Field(primary_key=True)
    username: str = Field(unique=True)
    name: str
    role: str
    area_id: UUID = Field(foreign_key="areas.area_id")
    password_hash: str


class ConsoleSession(SQLModel, table=True):
    __tablename__ = "console_sessions"
    token_hash: bytes = Field(primary_key=True)
    user_id: UUID = Field(foreign_key="console_users.user_id", index=True)
    expires_at: int = instant()
