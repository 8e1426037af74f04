"""A batch as its receiver sees it: signature, hash and digests checked with nothing of Ronda's own code."""

import csv
import io
import json
from email.message import EmailMessage
from hashlib import sha256
from typing import Any

from standardwebhooks.webhooks import Webhook

from tests.support.receivers import Received


def verified(secret: str, post: Received) -> Any:
    """The document of a POST whose signature, hash and digests are right."""
    Webhook(secret).verify(post.body, post.headers)
    document = json.loads(post.body)
    assert sha256(canonical(document["header"])).hexdigest() == document["hash"] == post.headers["idempotency-key"]
    digests = [sha256(bytes.fromhex(e["salt"]) + canonical(e["entry"])).hexdigest() for e in document["entries"]]
    assert digests == [entry["digest"] for entry in document["entries"]] == document["header"]["entries"]
    return document


def canonical(value: object) -> bytes:
    """SPEC B1, as a receiver would write it."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def kinds(document: Any) -> list[str]:
    return sorted(entry["entry"]["kind"] for entry in document["entries"])


def attachment(mail: EmailMessage, ending: str) -> bytes:
    [found] = [part for part in mail.iter_attachments() if (part.get_filename() or "").endswith(ending)]
    payload = found.get_payload(decode=True)
    assert isinstance(payload, bytes)
    return payload


def expect_table(mail: EmailMessage, wanted: list[dict[str, str]]) -> None:
    """The table has these persons and no others, with these cells."""
    rows = list(csv.DictReader(io.StringIO(attachment(mail, "csv").decode("utf-8-sig"), newline="")))
    persons = {row["Nama lengkap"]: row for row in rows if row["Jenis baris"] == "Orang asing"}
    assert set(persons) == {cells["Nama lengkap"] for cells in wanted}
    for cells in wanted:
        row = persons[cells["Nama lengkap"]]
        assert {head: row[head] for head in cells} == cells
