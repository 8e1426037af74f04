"""Web Push on the wire: what a push service and a browser get, and how bad ones are borne (SPEC N3-N5)."""

import asyncio
import stat
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme
from cryptography.hazmat.primitives.asymmetric import ec
from py_vapid import Vapid02

from server.settings import Settings
from server.webpush.endpoints import Target, check
from server.webpush.sender import Answer, Message, Sender
from server.webpush.vapid import LIFETIME, Vapid, is_contact, load_or_create, public_key
from sync.errors import Code, Refused
from tests.support.push_service import Answer as Script
from tests.support.push_service import PushService, hang, reset, status
from tests.support.receiver import Receiver, text

NOW = 1_800_000_000_000
MESSAGE = Message(b'{"web_push":8030}', "0" * 32, 60, "high")
HOSTS = "push.example.org, fcm.googleapis.com,push.test:8443"


BROWSER = Receiver()


def target(endpoint: str) -> Target:
    return Target(endpoint, BROWSER.p256dh, BROWSER.auth)


@pytest.fixture(scope="module")
def service() -> Iterator[PushService]:
    with PushService(trustme.CA()) as running:
        yield running


@pytest.fixture
def settings(service: PushService, tmp_path: Path) -> Settings:
    service.received.clear()
    service.answers.clear()
    service.authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    return Settings(var=tmp_path, push_hosts=service.host, ca_file=str(tmp_path / "ca.pem"), push_seconds=1)


def send(settings: Settings, *targets: Target) -> list[Answer]:
    async def run() -> list[Answer]:
        async with Sender(settings) as sender:
            return [await sender.send(target, MESSAGE, NOW) for target in targets]

    return asyncio.run(run())


def test_N3_only_the_browser_reads_what_was_sent(service: PushService, settings: Settings) -> None:
    service.answers.append(status(201))
    assert send(settings, target(service.endpoint())) == [Answer(201)]
    [push] = service.received
    assert BROWSER.read(push.body) == MESSAGE.payload
    assert MESSAGE.payload not in push.body
    sent = {name: push.headers[name] for name in ("TTL", "Topic", "Urgency", "Content-Encoding")}
    assert sent == {"TTL": "60", "Topic": "0" * 32, "Urgency": "high", "Content-Encoding": "aes128gcm"}


def test_N5_the_push_service_can_verify_who_sends(service: PushService, settings: Settings) -> None:
    service.answers += [status(201), status(201)]
    send(settings, target(service.endpoint()), target(service.endpoint()))
    first, second = (push.headers["Authorization"] for push in service.received)
    assert Vapid02.verify(first)
    assert first.endswith("k=" + public_key(load_or_create(settings.secrets / "vapid.pem")))
    assert first == second


@pytest.mark.parametrize("code", [200, 202, 400, 401, 403, 404, 410, 413, 500, 503])
def test_N4_a_status_comes_back_as_it_is(service: PushService, settings: Settings, code: int) -> None:
    service.answers.append(status(code))
    assert send(settings, target(service.endpoint())) == [Answer(code)]


@pytest.mark.parametrize("retry_after", ["120", "Fri, 15 Jan 2027 09:00:00 GMT"])
def test_N4_Retry_After_comes_back_as_it_is(service: PushService, settings: Settings, retry_after: str) -> None:
    service.answers.append(status(429, Retry_After=retry_after))
    assert send(settings, target(service.endpoint())) == [Answer(429, retry_after)]


@pytest.mark.parametrize("script", [hang, reset])
def test_N4_no_answer_is_no_answer(service: PushService, settings: Settings, script: Script) -> None:
    service.answers.append(script)
    begin = time.monotonic()
    assert send(settings, target(service.endpoint())) == [Answer(None)]
    assert time.monotonic() - begin < 5


def test_N4_a_push_service_of_an_unknown_authority_gets_nothing(service: PushService, settings: Settings) -> None:
    stranger = Settings(var=settings.var, push_hosts=settings.push_hosts)
    assert send(stranger, target(service.endpoint())) == [Answer(None)]
    assert service.received == []


def test_N4_nobody_at_home_is_no_answer(settings: Settings) -> None:
    alone = Settings(var=settings.var, push_hosts="localhost:9")
    assert send(alone, target("https://localhost:9/push")) == [Answer(None)]


@pytest.mark.parametrize("code", [301, 307, 308])
def test_N5_no_redirect_is_followed(service: PushService, settings: Settings, code: int) -> None:
    service.answers.append(status(code, Location=service.endpoint("elsewhere")))
    assert send(settings, target(service.endpoint())) == [Answer(code)]
    assert [push.token for push in service.received] == ["nobody"]


def test_N5_a_refused_endpoint_is_not_used_even_when_it_is_stored(service: PushService, settings: Settings) -> None:
    elsewhere = Settings(var=settings.var, push_hosts="push.example.org", ca_file=settings.ca_file)
    with pytest.raises(Refused):
        send(elsewhere, target(service.endpoint()))
    assert service.received == []


@pytest.mark.parametrize(
    ("endpoint", "origin"),
    [
        ("https://push.example.org/abc?d=e", "https://push.example.org"),
        ("https://push.example.org:443/abc", "https://push.example.org"),
        ("https://eu.push.example.org/abc", "https://eu.push.example.org"),
        ("https://FCM.googleapis.com/fcm/send/a:b", "https://fcm.googleapis.com"),
        ("https://push.test:8443/", "https://push.test:8443"),
    ],
)
def test_N5_an_allowed_host_and_those_below_it_are_taken(endpoint: str, origin: str) -> None:
    assert check(target(endpoint), HOSTS) == origin


@pytest.mark.parametrize(
    "endpoint",
    [
        "",
        "/push/abc",
        "http://push.example.org/abc",
        "https:///abc",
        "https://evilpush.example.org/abc",
        "https://push.example.org.evil.test/abc",
        "https://push.example.org./abc",
        "https://push.example.org:8443/abc",
        "https://push.example.org:0/abc",
        "https://push.example.org:99999/abc",
        "https://push.test/abc",
        "https://user@push.example.org/abc",
        "https://push.example.org@evil.test/abc",
        "https://evil.test\\@push.example.org/abc",
        "https://evil.test%2f.push.example.org/abc",
        "https://evil.test#.push.example.org/abc",
        "https://evil.test?.push.example.org/abc",
        "https://push.example.org/a bc",
        "https://push.example.org/abc\r\nHost: evil.test",
        "https://push.example.org/ä",
        "https://[::1]/abc",
        "https://127.0.0.1/abc",
        "https://org/abc",
    ],
)
def test_N5_any_other_endpoint_is_refused(endpoint: str) -> None:
    with pytest.raises(Refused) as refused:
        check(target(endpoint), HOSTS)
    assert refused.value.code is Code.endpoint_refused


@pytest.mark.parametrize(
    ("p256dh", "auth"),
    [
        ("", text(bytes(16))),
        (text(b"\x04" + bytes(64)), text(bytes(16))),
        (text(b"\x02" + BROWSER.point[1:33]), text(bytes(16))),
        (text(BROWSER.point)[:-4], text(bytes(16))),
        ("not base64!", text(bytes(16))),
        (text(BROWSER.point), ""),
        (text(BROWSER.point), text(bytes(15))),
        (text(BROWSER.point), text(bytes(17))),
        (text(BROWSER.point), "ä" * 22),
    ],
)
def test_N5_keys_that_cannot_encrypt_are_refused(p256dh: str, auth: str) -> None:
    with pytest.raises(Refused) as refused:
        check(Target("https://push.example.org/abc", p256dh, auth), HOSTS)
    assert refused.value.code is Code.endpoint_refused


def test_N5_the_default_hosts_take_the_endpoints_that_browsers_have() -> None:
    for endpoint in (
        "https://fcm.googleapis.com/fcm/send/abc:def",
        "https://updates.push.services.mozilla.com/wpush/v2/abc",
        "https://web.push.apple.com/abc",
        "https://wns2-par02p.notify.windows.com/w/?token=abc",
    ):
        assert endpoint.startswith(check(target(endpoint), Settings().push_hosts))


def test_the_header_of_an_origin_is_made_again_at_half_of_its_life() -> None:
    vapid = Vapid(ec.generate_private_key(ec.SECP256R1()), "mailto:ronda@example.org")
    first = vapid.header("https://push.example.org", NOW)
    assert vapid.header("https://push.example.org", NOW + LIFETIME // 2) == first
    assert vapid.header("https://push.example.org", NOW + LIFETIME // 2 + 1) != first
    assert vapid.header("https://fcm.googleapis.com", NOW) != first


def test_the_key_is_made_once_and_for_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "secrets" / "vapid.pem"
    first = public_key(load_or_create(path))
    assert public_key(load_or_create(path)) == first
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert [file.name for file in path.parent.iterdir()] == ["vapid.pem"]


@pytest.mark.parametrize(
    ("contact", "good"),
    [
        ("mailto:ronda@example.org", True),
        ("https://ronda.example.org/contact", True),
        ("mailto: <ronda@example.org>", False),
        ("mailto:ronda", False),
        ("ronda@example.org", False),
        ("http://ronda.example.org", False),
        ("https://", False),
    ],
)
def test_a_contact_is_a_plain_mailto_or_an_https_address(contact: str, good: bool) -> None:
    assert is_contact(contact) is good
