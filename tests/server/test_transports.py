"""Transports against a real mail server and a real HTTPS endpoint (SPEC B11, B13, B14)."""

import csv
import hashlib
import io
import json
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest
from msgspec import structs
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from server import clock
from server.settings import Settings, SettingsError
from server.transports import Parcel, TransportError
from server.transports.email import MailServer
from server.transports.opening import Configured, destinations, open_transports
from server.transports.webhook import webhook_secret
from sync.batches.document import document
from sync.batches.sealing import seal
from sync.batches.table import table
from tests.support.receivers import HttpsReceiver, SmtpReceiver, hang, reset, say
from tests.sync.test_batches import OCCASION, STANDINGS, VERSIONS

pytestmark = pytest.mark.anyio

BATCH = seal(OCCASION, VERSIONS, STANDINGS, [])
PARCEL = Parcel(UUID(int=5), "imigrasi", "", BATCH)


@pytest.fixture
def post() -> Iterator[SmtpReceiver]:
    with SmtpReceiver() as receiver:
        yield receiver


@pytest.fixture
def endpoint(tmp_path: Path) -> Iterator[HttpsReceiver]:
    with HttpsReceiver(tmp_path) as receiver:
        yield receiver


async def send(settings: Settings, kind: str, address: str, destination: str = "imigrasi") -> str:
    transports = open_transports(settings)
    try:
        parcel = structs.replace(PARCEL, address=address, destination=destination)
        return await transports[kind].send(parcel, clock.now())
    finally:
        for transport in transports.values():
            await transport.close()


async def mail(post: SmtpReceiver, destination: str = "kota") -> str:
    settings = Settings(smtp_url=post.url, mail_from="ronda@kota.example", send_seconds=2)
    return await send(settings, "email", "laporan@kota.example", destination)


async def webhook(endpoint: HttpsReceiver, tmp_path: Path, url: str = "") -> str:
    settings = Settings(var=tmp_path, ca_file=endpoint.ca_file, send_seconds=2)
    return await send(settings, "webhook", url or endpoint.url)


async def test_B9_a_mail_carries_the_document_and_the_table(post: SmtpReceiver) -> None:
    assert await mail(post) == "diterima"
    [message] = post.mails
    assert post.recipients == [["laporan@kota.example"]]
    assert message["From"] == "ronda@kota.example"
    assert message["Subject"] == "Laporan 2026-11-23/siang, Jakarta Barat"
    files = [*message.iter_attachments()]
    assert [file.get_filename() for file in files] == ["berkas-2026-11-23-siang.json", "berkas-2026-11-23-siang.csv"]
    assert files[0].get_content() == document(BATCH)
    assert files[1].get_payload(decode=True) == table(BATCH)
    rows = csv.DictReader(io.StringIO(table(BATCH).decode("utf-8-sig")))
    assert "Maria Østergård" in {row["Nama lengkap"] for row in rows}


async def test_B13_the_letter_names_the_hash_and_nobody(post: SmtpReceiver) -> None:
    await mail(post)
    body = post.mails[0].get_body()
    assert body
    assert BATCH.hash in body.get_content()
    assert "RT yang sudah lapor: 3 dari 6 (nihil: 1)" in body.get_content()
    assert "Maria" not in body.get_content()


async def test_B13_the_message_id_is_the_same_at_each_attempt_and_another_for_another(post: SmtpReceiver) -> None:
    for destination in ("kota", "kota", "arsip"):
        await mail(post, destination)
    first, second, third = (message["Message-ID"] for message in post.mails)
    assert first == second != third
    assert first.startswith(f"<{BATCH.hash[:32]}.")
    assert post.mails[0]["Ronda-Batch"] == BATCH.hash
    assert first.endswith("@kota.example>")


@pytest.mark.parametrize(("reply", "permanent"), [("451 later", False), ("554 never", True)])
async def test_B11_a_mail_servers_answer_says_whether_to_try_again(
    post: SmtpReceiver, reply: str, permanent: bool
) -> None:
    for answers in (post.answers, post.refusals):
        answers.append(reply)
        with pytest.raises(TransportError, match=reply) as caught:
            await mail(post)
        assert caught.value.permanent is permanent


async def test_B11_a_mail_server_that_is_not_there_is_transient() -> None:
    with SmtpReceiver() as post:
        pass
    with pytest.raises(TransportError) as caught:
        await mail(post)
    assert not caught.value.permanent


async def test_a_mail_never_crosses_the_network_in_the_clear(post: SmtpReceiver) -> None:
    """The server offers no STARTTLS, and its name is not one of this machine."""
    settings = Settings(smtp_url=post.url.replace("127.0.0.1", "127.1"), send_seconds=2)
    with pytest.raises(TransportError) as caught:
        await send(settings, "email", "laporan@kota.example")
    assert not caught.value.permanent
    assert post.mails == []


async def test_B14_a_webhook_is_signed_and_verifiable(endpoint: HttpsReceiver, tmp_path: Path) -> None:
    assert await webhook(endpoint, tmp_path) == "200 tanda terima 1"
    [request] = endpoint.requests
    assert request.body == document(BATCH)
    assert request.headers["content-type"] == "application/json"
    assert request.headers["idempotency-key"] == BATCH.hash
    secret = webhook_secret(tmp_path / "secrets", "imigrasi")
    Webhook(secret).verify(request.body, request.headers)
    header = json.loads(request.body)["header"]
    text = json.dumps(header, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert hashlib.sha256(text.encode()).hexdigest() == request.headers["idempotency-key"]
    with pytest.raises(WebhookVerificationError):
        Webhook(secret).verify(request.body + b" ", request.headers)


async def test_B14_the_id_is_the_same_at_each_attempt(endpoint: HttpsReceiver, tmp_path: Path) -> None:
    for _ in range(2):
        await webhook(endpoint, tmp_path)
    assert len({(request.headers["webhook-id"], request.body) for request in endpoint.requests}) == 1


async def test_B14_the_secret_is_made_once_and_is_private(tmp_path: Path) -> None:
    secret = webhook_secret(tmp_path / "secrets", "imigrasi")
    assert secret.startswith("whsec_")
    assert webhook_secret(tmp_path / "secrets", "imigrasi") == secret != webhook_secret(tmp_path / "secrets", "kota")
    assert {path.stat().st_mode & 0o777 for path in (tmp_path / "secrets").iterdir()} == {0o600}


@pytest.mark.parametrize(
    ("status", "permanent"),
    [(400, True), (403, True), (410, True), (408, False), (429, False), (500, False), (503, False)],
)
async def test_B11_an_endpoints_answer_says_whether_to_try_again(
    endpoint: HttpsReceiver, tmp_path: Path, status: int, permanent: bool
) -> None:
    endpoint.answers.append(say(status, "Maria Østergård", Retry_After="7"))
    with pytest.raises(TransportError) as caught:
        await webhook(endpoint, tmp_path)
    assert (str(caught.value), caught.value.permanent, caught.value.retry_after) == (f"HTTP {status}", permanent, 7)


@pytest.mark.parametrize("answer", [hang, reset])
async def test_B11_no_answer_is_transient(endpoint: HttpsReceiver, tmp_path: Path, answer: object) -> None:
    endpoint.answers.append(answer)  # type: ignore[arg-type]
    with pytest.raises(TransportError) as caught:
        await webhook(endpoint, tmp_path)
    assert not caught.value.permanent


async def test_B14_a_redirect_is_not_followed(endpoint: HttpsReceiver, tmp_path: Path) -> None:
    endpoint.answers.append(say(307, Location=endpoint.url + "/elsewhere"))
    with pytest.raises(TransportError, match="307") as caught:
        await webhook(endpoint, tmp_path)
    assert caught.value.permanent
    assert [request.path for request in endpoint.requests] == ["/berkas"]


async def test_B14_an_endpoint_of_an_unknown_authority_gets_nothing(endpoint: HttpsReceiver, tmp_path: Path) -> None:
    with pytest.raises(TransportError):
        await send(Settings(var=tmp_path, send_seconds=2), "webhook", endpoint.url)
    with pytest.raises(TransportError, match="https"):
        await webhook(endpoint, tmp_path, endpoint.url.replace("https", "http"))
    assert endpoint.requests == []


def test_destinations_are_read_from_one_setting() -> None:
    settings = Settings(
        destinations="kota=mailto:laporan@kota.example  imigrasi=https://imigrasi.example/b?a=1,2", smtp_url="smtp://x"
    )
    assert destinations(settings) == [
        Configured("kota", "email", "laporan@kota.example"),
        Configured("imigrasi", "webhook", "https://imigrasi.example/b?a=1,2"),
    ]


@pytest.mark.parametrize(
    "text", ["kota", "kota=http://kota.example", "Ko/ta=mailto:a@b.example", "a=https://b a=https://c"]
)
def test_destinations_that_cannot_be_used_stop_the_start(text: str) -> None:
    with pytest.raises(SettingsError, match="RONDA_DESTINATIONS"):
        destinations(Settings(destinations=text, smtp_url="smtp://x"))


def test_mail_needs_a_server() -> None:
    with pytest.raises(SettingsError, match="RONDA_SMTP_URL"):
        destinations(Settings(destinations="kota=mailto:a@b.example"))


@pytest.mark.parametrize(
    ("url", "server"),
    [
        ("smtps://ronda:s%40ndi@mail.example", MailServer("mail.example", 465, True, "ronda", "s@ndi")),
        ("smtp://mail.example:2525", MailServer("mail.example", 2525, False, None, None)),
    ],
)
def test_a_mail_server_is_read_from_its_url(url: str, server: MailServer) -> None:
    assert MailServer.at(url) == server
