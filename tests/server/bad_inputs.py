"""The table of bad inputs: what is sent, and the stable answer to it. `test_bad_inputs.py` sends each row.

Three kinds of rows, by what SPEC says of them: requests refused whole (M1, M20), single mutations set aside (M2-M5,
M12-M14, M30), and what looks bad and is true, so it is taken (M3, M31). Bytes below HTTP are a fourth.
"""

import gzip
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from typing import Any, Final
from uuid import UUID

from msgspec import Struct

from sync.protocol.values import LAST_INSTANT
from tests.support.caller import Phone

EXCHANGE: Final = "/api/exchange"
GZIP: Final = {"Content-Encoding": "gzip"}
ANOTHER: Final = str(UUID(int=404))


class Request(Struct, frozen=True):
    """A request that is refused whole: its body, and the status and code of the problem."""

    name: str
    body: bytes
    status: int
    code: str
    headers: dict[str, str] = {}
    path: str = EXCHANGE


def _asked(rest: str) -> bytes:
    return f'{{"protocol":1,"now":1,{rest}}}'.encode()


def _sign_in(username: str) -> bytes:
    return f'{{"username":{username},"password":"guess"}}'.encode()


_EMPTY: Final = b'{"protocol":1,"now":1}'
_DEEP: Final = "[" * 50_000 + "]" * 50_000
_ENROL: Final = '{"code":"AAAAA-BBBBB","device_id":"%s","secret":"%s","device_name":%s}'

REQUESTS: Final = (
    Request("invalid UTF-8", b'{"protocol":1,"now":1,"cursor":"\xff"}', 400, "body_not_utf8"),
    Request("UTF-16", _EMPTY.decode().encode("utf-16-le"), 400, "body_not_json"),
    Request("a byte order mark", b"\xef\xbb\xbf" + _EMPTY, 400, "body_not_json"),
    Request("an empty body", b"", 400, "body_not_json"),
    Request("half a JSON", b"{", 400, "body_not_json"),
    Request("two JSONs", _EMPTY * 2, 400, "body_not_json"),
    Request("a comma too many", b'{"protocol":1,"now":1,}', 400, "body_not_json"),
    Request("single quotes", b"{'protocol':1,'now':1}", 400, "body_not_json"),
    Request("null", b"null", 400, "request_invalid"),
    Request("a list", b"[]", 400, "request_invalid"),
    Request("a number", b"1", 400, "request_invalid"),
    Request("50,000 deep", _asked(f'"mutations":{_DEEP}'), 400, "body_too_deep"),
    Request("an unknown field", _asked('"colour":"red"'), 400, "request_invalid"),
    Request("a missing field", b'{"protocol":1}', 400, "request_invalid"),
    Request("a field twice", _asked('"mutations":[],"mutations":[]'), 400, "request_invalid"),
    Request("a now that is text", b'{"protocol":1,"now":"soon"}', 400, "request_invalid"),
    Request("a now of 2^63", b'{"protocol":1,"now":%d}' % 2**63, 400, "request_invalid"),
    Request("a now before 1970", b'{"protocol":1,"now":-1}', 400, "request_invalid"),
    Request("a now after 9999", b'{"protocol":1,"now":%d}' % (LAST_INSTANT + 1), 400, "request_invalid"),
    Request("a now that is NaN", b'{"protocol":1,"now":NaN}', 400, "request_invalid"),
    Request("a now without time zone", b'{"protocol":1,"now":"2026-11-23T10:00:00"}', 400, "request_invalid"),
    Request("mutations that are null", _asked('"mutations":null'), 400, "request_invalid"),
    Request("mutations that are an object", _asked('"mutations":{}'), 400, "request_invalid"),
    Request("201 mutations", _asked(f'"mutations":[{",".join(["{}"] * 201)}]'), 400, "request_invalid"),
    Request("a cursor of 5,000 characters", _asked(f'"cursor":"{"A" * 5000}"'), 400, "request_invalid"),
    Request("a newer protocol", b'{"protocol":99,"now":1}', 426, "protocol_unsupported"),
    Request("protocol 0", b'{"protocol":0,"now":1}', 426, "protocol_unsupported"),
    Request("an oversize body", b" " * 300_000, 413, "body_too_large"),
    Request("a gzip bomb", gzip.compress(b" " * 50_000_000), 413, "body_too_large", GZIP),
    Request("no gzip", _EMPTY, 400, "body_not_gzip", GZIP),
    Request("half a gzip", gzip.compress(_EMPTY)[:-4], 400, "body_not_gzip", GZIP),
    Request("gzip in gzip", gzip.compress(gzip.compress(_EMPTY)), 400, "body_not_utf8", GZIP),
    Request("brotli", _EMPTY, 415, "content_type_unsupported", {"Content-Encoding": "br"}),
    Request("gzip twice", _EMPTY, 415, "content_type_unsupported", {"Content-Encoding": "gzip, gzip"}),
    Request("text/plain", _EMPTY, 415, "content_type_unsupported", {"Content-Type": "text/plain"}),
    Request("a form", b"a=b", 415, "content_type_unsupported", {"Content-Type": "application/x-www-form-urlencoded"}),
    Request("another site", _EMPTY, 403, "origin_refused", {"Origin": "https://example.org"}),
    Request("no site", _EMPTY, 403, "origin_refused", {"Origin": "null"}),
    Request("a cross-site fetch", _EMPTY, 403, "origin_refused", {"Sec-Fetch-Site": "cross-site"}),
    Request("no secret", _EMPTY, 401, "unauthorized", {"Authorization": ""}),
    Request("another secret", _EMPTY, 401, "unauthorized", {"Authorization": "Bearer x"}),
    Request("a password for a secret", _EMPTY, 401, "unauthorized", {"Authorization": "Basic eDp5"}),
    Request("5,000 headers", _EMPTY, 431, "headers_too_large", {f"x-{n}": "1" for n in range(5000)}),
    Request("a code that is no JSON", b"{", 400, "body_not_json", path="/api/enrol"),
    Request("a code in UTF-16", b'{\x00"\x00', 400, "body_not_json", path="/api/enrol"),
    Request("a code in Latin-1", b'{"code":"\xe9"}', 400, "body_not_utf8", path="/api/enrol"),
    Request("an unknown code", (_ENROL % (ANOTHER, "s" * 43, '"HP"')).encode(), 403, "code_invalid", path="/api/enrol"),
    Request(
        "a phone named U+0000",
        (_ENROL % (ANOTHER, "s" * 43, r'"\u0000"')).encode(),
        400,
        "request_invalid",
        path="/api/enrol",
    ),
    Request(
        "a phone named half an emoji",
        (_ENROL % (ANOTHER, "s" * 43, r'"\ud83d"')).encode(),
        400,
        "body_not_json",
        path="/api/enrol",
    ),
    Request("a short secret", (_ENROL % (ANOTHER, "s", '"HP"')).encode(), 400, "request_invalid", path="/api/enrol"),
    Request("a deep code", _DEEP.encode(), 400, "body_too_deep", path="/api/enrol"),
    Request("a user named U+0000", _sign_in(r'"\u0000"'), 400, "request_invalid", path="/api/session"),
    Request("a user named as SQL", _sign_in('"\' or 1=1 --"'), 401, "credentials_invalid", path="/api/session"),
    Request("a path that is not there", _EMPTY, 404, "not_found", path="/api/nothing"),
    Request("a path with U+0000", _EMPTY, 404, "not_found", path="/api/%00"),
    Request("a method that is not there", _EMPTY, 405, "method_not_allowed", path="/api/today"),
)


class Mutation(Struct, frozen=True):
    """A mutation that is set aside: JSON, as the phone of the test makes it, and its outcome and code."""

    name: str
    make: Callable[[Phone], Any]
    code: str
    outcome: str = "quarantined"


UNREADABLE: Final = "mutation_unreadable"


def _with(**changed: Any) -> Callable[[Phone], Any]:
    return lambda phone: phone.nil() | changed


def _group(name: str, **values: Any) -> Callable[[Phone], Any]:
    return lambda phone: phone.report(**{name: values})


def _name(text: str) -> Callable[[Phone], Any]:
    """A report whose name is some text of JSON."""
    return lambda phone: json.dumps(phone.report(identity={"full_name": "?"})).replace('"?"', text)


def _twice(phone: Phone) -> str:
    return json.dumps(phone.nil()).replace("{", f'{{"area_id":"{ANOTHER}",', 1)


def _with_another_body(phone: Phone) -> Any:
    nil = phone.nil()
    phone.exchange(nil)
    return nil | {"captured_at": 1}


MUTATIONS: Final = (
    Mutation("null", lambda _: "null", UNREADABLE),
    Mutation("text", lambda _: '"dance"', UNREADABLE),
    Mutation("nothing", lambda _: "{}", UNREADABLE),
    Mutation("a list", lambda _: "[[]]", UNREADABLE),
    Mutation("500 deep", lambda _: "[" * 500 + "]" * 500, UNREADABLE),
    Mutation("an unknown kind", _with(kind="dance"), UNREADABLE),
    Mutation("an unknown field", _with(colour="red"), UNREADABLE),
    Mutation("no id", _with(mutation_id=None), UNREADABLE),
    Mutation("a key twice", _twice, UNREADABLE),
    Mutation("a capture that is text", _with(captured_at="noon"), UNREADABLE),
    Mutation("a capture without time zone", _with(captured_at="2026-11-23T10:00:00"), UNREADABLE),
    Mutation("a capture of 2^63", _with(captured_at=2**63), UNREADABLE),
    Mutation("a capture of 5,000 digits", _with(captured_at=10**4000), UNREADABLE),
    Mutation("a capture before 1970", _with(captured_at=-1), UNREADABLE),
    Mutation("a capture after 9999", _with(captured_at=LAST_INSTANT + 1), UNREADABLE),
    Mutation("a capture of 1.0", _with(captured_at=1.0), UNREADABLE),
    Mutation("a capture of half a millisecond", _with(captured_at=1.5), UNREADABLE),
    Mutation("a name that is NaN", _name("NaN"), UNREADABLE),
    Mutation("a name that is infinite", _name("1e999"), UNREADABLE),
    Mutation("a name that is a number", _name("7"), UNREADABLE),
    Mutation("a lone surrogate", _name(r'"\ud800"'), UNREADABLE),
    Mutation("201 characters", _name(json.dumps("A" * 201)), UNREADABLE),
    Mutation("U+0000", _name(r'"A\u0000"'), "text_forbidden"),
    Mutation("CR and LF", _name(r'"A\r\nBcc: b"'), "text_forbidden"),
    Mutation("a final newline", _name(r'"A\n"'), "text_forbidden"),
    Mutation("a bidirectional override", _name(r'"A\u202eB"'), "text_forbidden"),
    Mutation("a bidirectional isolate", _name(r'"A\u2066B"'), "text_forbidden"),
    Mutation("not NFC", _name(r'"Zoe\u0308"'), "text_forbidden"),
    Mutation("30 February", _group("identity", birth_date="1990-02-30"), "date_impossible"),
    Mutation("29 February 2023", _group("stay", arrival="2023-02-29"), "date_impossible"),
    Mutation("month 13", _group("identity", birth_date="1990-13"), "date_impossible"),
    Mutation("the year 0", _group("permit", expiry="0000-01-01"), "date_impossible"),
    Mutation("an expiry on 31 April", _group("document", expiry="2027-04-31"), "date_impossible"),
    Mutation("a date with a time", _group("stay", arrival="2026-11-23T10:00"), UNREADABLE),
    Mutation("Arabic digits", _group("stay", arrival="٢٠٢٦-١١-٢٣"), UNREADABLE),
    Mutation("a small nationality", _group("identity", nationality="idn"), UNREADABLE),
    Mutation("an unknown sex", _group("identity", sex="Q"), UNREADABLE),
    Mutation("a photo that is a path", lambda phone: phone.report(photos=["../../etc/passwd"]), UNREADABLE),
    Mutation("a foreign area", _with(area_id=ANOTHER), "area_out_of_scope"),
    Mutation("a removal of what is not there", _with(kind="remove"), "record_unknown"),
    Mutation(
        "a decision by a phone",
        _with(kind="resolve", seen_version=1, conflict_ids=[], changes={}),
        "resolution_not_allowed",
    ),
    Mutation("a replay with another body", _with_another_body, "mutation_id_reused", "rejected"),
)


class Oddity(Struct, frozen=True):
    """A report that is taken as it is: the groups of it, and the flags that are told beside it."""

    name: str
    groups: dict[str, Any]
    flags: tuple[str, ...] = ()


def _named(name: str) -> dict[str, Any]:
    return {"identity": {"full_name": name}}


ODDITIES: Final = (
    Oddity("one name", _named("Suharto")),
    Oddity("no name", _named("")),
    Oddity("120 characters", _named("Ana " * 30)),
    Oddity("200 characters beyond the basic plane", _named("𠮷" * 200)),
    Oddity("Arabic", _named("محمد الأمين")),
    Oddity("markup", _named("<script>alert(1)</script>")),
    Oddity("SQL", _named("Robert'); DROP TABLE reports;--")),
    Oddity("a formula", _named("=cmd|' /C calc'!A0")),
    Oddity("another formula", _named("@SUM(1+1)*cmd|' /C calc'!A0")),
    Oddity("a template", _named("{{7*7}} ${7*7} %s %n")),
    Oddity("a note of lines", {"note": "satu\ndua"}),
    Oddity("a passport of a state that is not in the list", {"document": {"kind": "passport", "issuing_state": "ZZZ"}}),
    Oddity("a departure without an arrival", {"stay": {"departure": "2026-11-01"}}),
    Oddity("a year of birth alone", {"identity": {"birth_date": "1990"}}),
    Oddity("birth in the future", {"identity": {"birth_date": "2999-01-01"}}, ("birth_in_future",)),
    Oddity("an arrival in a thousand years", {"stay": {"arrival": "3026-11-23"}}, ("stay_in_future",)),
    Oddity(
        "a departure before the arrival",
        {"stay": {"arrival": "2026-11-20", "departure": "2026-11-19"}},
        ("departure_before_arrival",),
    ),
)


def forged_cursor(cursor: str, position: int) -> str:
    """The phone's cursor, with each feed seen up to another position."""
    plain = json.loads(urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    plain["p"] = dict.fromkeys(plain["p"], position)
    return urlsafe_b64encode(json.dumps(plain).encode()).decode().rstrip("=")


CURSORS: Final[dict[str, Callable[[str], str]]] = {
    "of another life": lambda _: "garbage",
    "of nothing": lambda _: "",
    "of an empty object": lambda _: "e30",
    "of U+0000": lambda _: "\x00",
    "of letters beyond ASCII": lambda _: "\u00e9",
    "ahead of the server": lambda cursor: forged_cursor(cursor, 10**9),
    "before the beginning": lambda cursor: forged_cursor(cursor, -1),
    "of less than -2^63": lambda cursor: forged_cursor(cursor, -(2**63) - 1),
    "of 2^63": lambda cursor: forged_cursor(cursor, 2**63),
}


class Bytes(Struct, frozen=True):
    """What is sent below HTTP, and how the first line of the answer begins; empty where there is none."""

    name: str
    make: Callable[[Phone], bytes]
    answer: bytes


def _post(*lines: str, body: bytes = _EMPTY, host: str = "Host: ronda", length: int | None = None) -> Any:
    def make(phone: Phone) -> bytes:
        own = (
            f"POST {EXCHANGE} HTTP/1.1",
            *([host] if host else []),
            f"Authorization: Bearer {phone.secret}",
            "Content-Type: application/json",
            *([] if length == -1 else [f"Content-Length: {len(body) if length is None else length}"]),
        )
        return "\r\n".join([*own, *lines, "", ""]).encode("latin-1") + body

    return make


def truncated(phone: Phone) -> bytes:
    """A request that promises more than it brings."""
    made: bytes = _post(length=1000)(phone)
    return made


BYTES: Final = (
    Bytes("no Host", _post(host=""), b"HTTP/1.1 400"),
    Bytes("two lengths", _post("Content-Length: 5"), b"HTTP/1.1 400"),
    Bytes("a length and chunks", _post("Transfer-Encoding: chunked"), b"HTTP/1.1 400"),
    Bytes("chunks of no size", _post("Transfer-Encoding: chunked", body=b"x\r\n\r\n", length=-1), b"HTTP/1.1 400"),
    Bytes("a negative length", _post(length=-5), b"HTTP/1.1 400"),
    Bytes("a header with U+0000", _post("X-Odd: a\x00b"), b"HTTP/1.1 400"),
    Bytes("an Upgrade to WebSocket", _post("Connection: Upgrade", "Upgrade: websocket"), b"HTTP/1.1 400"),
    Bytes("an Upgrade to HTTP/2", _post("Connection: Upgrade", "Upgrade: h2c"), b"HTTP/1.1 400"),
    Bytes("not HTTP", lambda _: b"\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03\r\n\r\n", b"HTTP/1.1 400"),
)
