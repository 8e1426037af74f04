"""The destinations of the settings, and a transport for each kind."""

import re
from collections.abc import Mapping
from typing import Final, NamedTuple

from server.settings import Settings, SettingsError, variable
from server.tls import client_context
from server.transports import Transport
from server.transports.email import EmailTransport, MailServer
from server.transports.webhook import WebhookTransport

_NAME: Final = re.compile(r"[a-z0-9-]{1,40}")
_KINDS: Final = {"mailto:": "email", "https://": "webhook"}


class Configured(NamedTuple):
    """A destination of the settings: its name, the kind of its transport, and its address for that transport."""

    name: str
    transport: str
    address: str


def destinations(settings: Settings) -> list[Configured]:
    """The destinations, such as `kota=mailto:laporan@kota.example imigrasi=https://…`. Raises SettingsError."""
    found = [_configured(text) for text in settings.destinations.split()]
    if len({one.name for one in found}) < len(found):
        raise SettingsError(f"{variable('destinations')}: two have the same name")
    if not settings.smtp_url and any(one.transport == "email" for one in found):
        raise SettingsError(f"{variable('smtp_url')} is needed to send mails")
    return found


def _configured(text: str) -> Configured:
    name, _, url = text.partition("=")
    for start, transport in _KINDS.items():
        if _NAME.fullmatch(name) and url.startswith(start):
            return Configured(name, transport, url.removeprefix("mailto:"))
    raise SettingsError(f"{variable('destinations')}: name=mailto:… or name=https://… is needed, not {name!r}")


def open_transports(settings: Settings) -> Mapping[str, Transport]:
    """A transport for each kind that the destinations need. Raises SettingsError. Must run in the event loop."""
    context = client_context(settings.ca_file)
    transports: dict[str, Transport] = {"webhook": WebhookTransport(settings.secrets, context, settings.send_seconds)}
    if settings.smtp_url:
        server = _mail_server(settings.smtp_url)
        transports["email"] = EmailTransport(server, settings.mail_from, context, settings.send_seconds)
    return transports


def _mail_server(url: str) -> MailServer:
    try:
        return MailServer.at(url)
    except ValueError as error:
        raise SettingsError(f"{variable('smtp_url')}: {error}") from error
