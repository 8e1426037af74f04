"""The demo's mail catcher: an SMTP server that writes each mail to a file, whole or not at all. It sends nothing on."""

import asyncio
import re
from datetime import datetime
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from aiosmtpd.smtp import SMTP, Envelope, Session

from server import clock

MAX_BYTES: Final = 32 * 1024 * 1024
ACCEPTED: Final = "250 OK"


class Catcher:
    """Writes mails below `folder`, named by local time, first recipient and digest."""

    def __init__(self, folder: Path, zone: ZoneInfo) -> None:
        self._folder = folder
        self._zone = zone

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Called by aiosmtpd when a mail has come; the answer is the server's reply."""
        content = envelope.original_content or b""
        await asyncio.to_thread(_write, self._folder / self._name(envelope.rcpt_tos, content), content)
        return ACCEPTED

    def _name(self, recipients: list[str], content: bytes) -> str:
        local = datetime.fromtimestamp(clock.now() // 1000, self._zone)
        mailbox = re.sub(r"[^A-Za-z0-9.-]", "_", recipients[0].partition("@")[0])[:40]
        return f"{local:%Y-%m-%d_%H.%M.%S}_{mailbox}_{sha256(content).hexdigest()[:8]}.eml"


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    part.write_bytes(content)
    part.replace(path)


async def serve(folder: Path, zone: ZoneInfo) -> tuple[asyncio.Server, int]:
    """Start the catcher on a free port of 127.0.0.1; the server, and its port."""
    protocol = partial(SMTP, Catcher(folder, zone), data_size_limit=MAX_BYTES, enable_SMTPUTF8=True)
    server = await asyncio.get_running_loop().create_server(protocol, "127.0.0.1", 0)
    return server, server.sockets[0].getsockname()[1]
