"""A batch by e-mail: a letter for people, with the JSON document and the table attached (SPEC B13).

Exactly once is not to be had by SMTP: when the answer to the last line is lost, the mail is sent again, with the same
Message-ID. Passwords and mails cross the network under TLS only, but for a server on this machine.
"""

import asyncio
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime
from hashlib import sha256
from ssl import SSLContext
from typing import Final
from urllib.parse import unquote, urlsplit

import aiosmtplib
from msgspec import Struct

from server.transports import Parcel, TransportError
from sync.batches.document import document, file_stem
from sync.batches.header import Header
from sync.batches.sealing import header_of
from sync.batches.table import table

PORTS: Final = {"smtp": 587, "smtps": 465}
LOOPBACK: Final = ("127.0.0.1", "::1", "localhost")


class MailServer(Struct, frozen=True):
    """Where mails are handed in. `tls` from the first byte on; otherwise STARTTLS unless the host is this machine."""

    host: str
    port: int
    tls: bool
    username: str | None
    password: str | None

    @classmethod
    def at(cls, url: str) -> "MailServer":
        """The server of a URL: `smtps://user:password@host:465` or `smtp://…`. Raises ValueError for any other."""
        parts = urlsplit(url)
        if parts.scheme not in PORTS or not parts.hostname:
            raise ValueError("smtp://host or smtps://host is needed")
        port = parts.port or PORTS[parts.scheme]
        username, password = (unquote(text) if text else None for text in (parts.username, parts.password))
        return cls(parts.hostname, port, parts.scheme == "smtps", username, password)


class EmailTransport:
    def __init__(self, server: MailServer, sender: str, context: SSLContext, seconds: float) -> None:
        self._server = server
        self._sender = sender
        self._context = context
        self._seconds = seconds

    async def send(self, parcel: Parcel, now: int) -> str:  # noqa: ARG002
        message = await asyncio.to_thread(letter, parcel, self._sender)
        try:
            async with asyncio.timeout(self._seconds):
                _, answer = await self._hand_in(message)
        except aiosmtplib.SMTPRecipientsRefused as error:
            raise _refused(error.recipients[0]) from error
        except aiosmtplib.SMTPResponseException as error:
            raise _refused(error) from error
        except (aiosmtplib.SMTPException, OSError, TimeoutError) as error:
            raise TransportError(type(error).__name__, permanent=False) from error
        return answer

    async def _hand_in(self, message: EmailMessage) -> tuple[object, str]:
        server = self._server
        return await aiosmtplib.send(
            message,
            hostname=server.host,
            port=server.port,
            username=server.username,
            password=server.password,
            use_tls=server.tls,
            start_tls=not server.tls and server.host not in LOOPBACK,
            tls_context=self._context,
            timeout=self._seconds,
        )

    async def close(self) -> None:
        """Each mail has a connection of its own."""


def _refused(error: aiosmtplib.SMTPResponseException) -> TransportError:
    """A 5xx is for ever, RFC 5321 section 4.2.1."""
    return TransportError(f"{error.code} {error.message}", permanent=error.code >= 500)


def letter(parcel: Parcel, sender: str) -> EmailMessage:
    """The mail of a batch, the same at each attempt."""
    header = header_of(parcel.batch)
    name = file_stem(parcel.batch)
    message = EmailMessage()
    message["From"] = sender
    message["To"] = parcel.address
    message["Subject"] = subject(header)
    message["Date"] = format_datetime(datetime.fromisoformat(header.sealed_at))
    message["Message-ID"] = message_id(parcel, sender)
    message["Ronda-Batch"] = parcel.batch.hash
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(text(header, parcel.batch.hash))
    message.add_attachment(document(parcel.batch), "application", "json", filename=f"{name}.json")
    message.add_attachment(table(parcel.batch), "text", "csv", filename=f"{name}.csv", params={"charset": "utf-8"})
    return message


def message_id(parcel: Parcel, sender: str) -> str:
    """Made of the batch's hash and the destination (SPEC B13), short enough for one line."""
    destination = sha256(parcel.destination.encode()).hexdigest()[:8]
    return f"<{parcel.batch.hash[:32]}.{destination}@{sender.rpartition('@')[2].rstrip('>')}>"


def subject(header: Header) -> str:
    supplement = f", susulan {header.part}" if header.part else ""
    return f"Laporan {header.window}{supplement}, {header.city}"


def text(header: Header, digest: str) -> str:
    """What people read: what it is, the totals, and how to check it. No name of a reported person."""
    sums = {field: sum(getattr(one, field) for one in header.kecamatan) for field in ("rts", "reported", "nils")}
    lines = [
        f"Berkas laporan orang asing {header.city}, dari Ronda.",
        "",
        f"Jadwal lapor {header.window}: {header.opens_at} s.d. {header.closes_at}",
        f"Dikunci: {header.sealed_at}",
        f"Catatan dalam berkas ini: {len(header.entries)}",
        f"RT yang sudah lapor: {sums['reported']} dari {sums['rts']} (nihil: {sums['nils']})",
        f"Data berbeda yang belum diputuskan: {len(header.conflicts)}",
        "",
        f"Nomor urut berkas: {header.seq}",
        f"SHA-256 berkas ini: {digest}",
        f"SHA-256 berkas sebelumnya: {header.previous}",
        "",
        "Berkas yang sama dapat terkirim lebih dari sekali; SHA-256 yang sama berarti berkas yang sama.",
        "",
    ]
    return "\n".join(lines)
