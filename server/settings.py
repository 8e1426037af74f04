"""What an operator decides, read once from the environment: each field is RONDA_<FIELD>. README lists them all."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Final

import msgspec
from msgspec import Meta, Struct

from sync.windows import Schedule

PREFIX: Final = "RONDA_"


class SettingsError(ValueError):
    """A variable of the environment cannot be used; the message names it."""


class Settings(Struct, frozen=True, kw_only=True):
    """All settings, with their defaults for a first look on one's own machine."""

    var: Annotated[Path, Meta(description="folder of the database, the secrets and the demo's mails")] = Path("var")
    database_url: Annotated[
        str, Meta(description="`sqlite:///path` or `postgresql://…`; empty: `ronda.db` in RONDA_VAR")
    ] = ""
    origin: Annotated[str, Meta(description="address of the site as browsers see it, without a path")] = (
        "http://127.0.0.1:8000"
    )
    pwa: Annotated[Path, Meta(description="folder of the built PWA")] = Path("pwa/dist")
    timezone: Annotated[str, Meta(description="time zone of the city")] = "Asia/Jakarta"
    windows: Annotated[str, Meta(description="names and closes of the day's windows")] = (
        "pagi=10:00,siang=15:00,malam=20:00"
    )
    grace_minutes: Annotated[int, Meta(ge=0, le=120, description="from a window's close to its sealing")] = 15
    supplement_minutes: Annotated[int, Meta(ge=1, description="least time between two supplements of a window")] = 15
    lease_days: Annotated[
        int, Meta(ge=1, le=30, description="how long a phone shows what it holds without a signal")
    ] = 7
    destinations: Annotated[
        str, Meta(description="who gets the batches, separated by blanks: `name=mailto:…` or `name=https://…`")
    ] = ""
    smtp_url: Annotated[
        str, Meta(description="where mails are handed in: `smtps://user:password@host`, or `smtp://…` with STARTTLS")
    ] = ""
    mail_from: Annotated[str, Meta(description="sender of the mails")] = "ronda@localhost"
    send_seconds: Annotated[int, Meta(ge=1, le=600, description="how long a destination may take to answer")] = 60
    ca_file: Annotated[str, Meta(description="further certificate authorities for outgoing TLS, a PEM file")] = ""
    contact: Annotated[str, Meta(description="`mailto:` or https address for the people who run push services")] = (
        "mailto:ronda@example.org"
    )
    push_hosts: Annotated[str, Meta(description="push services that may be used, with their subdomains")] = (
        "fcm.googleapis.com,jmt17.google.com,updates.push.services.mozilla.com,"
        "web.push.apple.com,push.apple.com,notify.windows.com"
    )
    push_seconds: Annotated[int, Meta(ge=1, le=60, description="how long a push service may take to answer")] = 10

    @property
    def url(self) -> str:
        """The database's URL, where empty means SQLite in `var`."""
        return self.database_url or f"sqlite:///{self.var / 'ronda.db'}"

    @property
    def secure(self) -> bool:
        """Whether browsers come by TLS; only then a cookie may be `__Host-`."""
        return self.origin.startswith("https://")

    @property
    def secrets(self) -> Path:
        """The folder of the secrets, mode 0700, made at first start."""
        return self.var / "secrets"

    @property
    def schedule(self) -> Schedule:
        """The city's schedule. Raises ValueError for one that cannot be used."""
        pairs = (pair.partition("=") for pair in self.windows.split(","))
        closes = tuple((name.strip(), at.strip()) for name, _, at in pairs)
        return Schedule(self.timezone, closes, self.grace_minutes)


def variable(field: str) -> str:
    """The name of a field's variable in the environment."""
    return PREFIX + field.upper()


def load(environ: Mapping[str, str]) -> Settings:
    """The settings of an environment. Raises SettingsError for a value of the wrong type and for an unknown name."""
    known = {variable(field): field for field in Settings.__struct_fields__}
    unknown = sorted(name for name in environ if name.startswith(PREFIX) and name not in known)
    if unknown:
        raise SettingsError(f"unknown settings: {', '.join(unknown)}")
    values = {field: environ[name] for name, field in known.items() if name in environ}
    try:
        settings = msgspec.convert(values, Settings, strict=False, dec_hook=lambda kind, value: kind(value))
    except msgspec.ValidationError as error:
        raise SettingsError(str(error).replace("$.", PREFIX)) from error
    try:
        _ = settings.schedule
    except ValueError as error:
        raise SettingsError(f"{variable('windows')}, {variable('timezone')}: {error}") from error
    return settings
