"""The demo's mail catcher keeps what it accepted."""

import asyncio
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from zoneinfo import ZoneInfo

import aiosmtplib

from server.demo import mail

ZONE = ZoneInfo("Asia/Jakarta")


def letter(subject: str) -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "ronda@example.org", "kota@example.org", subject
    message.set_content("Laporan terlampir.\n.\n..titik\n")
    message.add_attachment(b"\x00\xff" * 5000, maintype="application", subtype="octet-stream", filename="batch.bin")
    return message


async def send(folder: Path, *messages: EmailMessage) -> None:
    server, port = await mail.serve(folder, ZONE)
    async with server:
        for message in messages:
            await aiosmtplib.send(message, hostname="127.0.0.1", port=port)


def test_each_mail_becomes_a_file_that_holds_all_of_it(tmp_path: Path) -> None:
    asyncio.run(send(tmp_path / "mail", letter("Pagi"), letter("Siang")))
    files = sorted((tmp_path / "mail").iterdir())
    assert [file.suffix for file in files] == [".eml", ".eml"]
    mails = [message_from_bytes(file.read_bytes(), policy=policy.default) for file in files]
    assert {mail["Subject"] for mail in mails} == {"Pagi", "Siang"}
    body = mails[0].get_body()
    assert body is not None
    assert body.get_content().splitlines() == ["Laporan terlampir.", ".", "..titik"]
    assert [part.get_content() for part in mails[0].iter_attachments()] == [b"\x00\xff" * 5000]


def test_a_recipient_cannot_name_a_file_elsewhere(tmp_path: Path) -> None:
    message = letter("Pagi")
    message.replace_header("To", '"../../x"@example.org')
    asyncio.run(send(tmp_path / "mail", message))
    assert [file.parent for file in tmp_path.rglob("*.eml")] == [tmp_path / "mail"]
