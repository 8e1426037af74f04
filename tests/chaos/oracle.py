"""The plain oracle: what phones were told, what the database holds, what destinations received; facts in, faults out.

It counts with dictionaries and sets, and knows nothing of Ronda's own code. A fault is a sentence; none is good news.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from typing import Any, NamedTuple

from tests.support.sealed import canonical

ACCEPTED = frozenset({"applied", "merged", "conflicted"})
FIRST = "0" * 64


class Told(NamedTuple):
    """What a phone was told of one mutation; `values` are the words in it that occur nowhere else."""

    mutation_id: str
    digest: str
    record_id: str
    kind: str
    outcome: str
    version: int
    values: tuple[str, ...] = ()


class Receipt(NamedTuple):
    mutation_id: str
    digest: str
    outcome: str
    version: int


class Version(NamedTuple):
    record_id: str
    version: int
    mutation_id: str
    body: str
    batch_id: str


class Record(NamedTuple):
    """The present state; `batch` is the hash of the batch that holds it, empty if none does."""

    record_id: str
    area_id: str
    version: int
    removed: bool
    body: str
    batch: str


class Conflict(NamedTuple):
    conflict_id: str
    record_id: str
    phone: str


class Stored(NamedTuple):
    """All that the database holds, as rows. `kept` are ids and digests in quarantine; `batches` are (id, hash)."""

    receipts: Sequence[Receipt] = ()
    versions: Sequence[Version] = ()
    records: Sequence[Record] = ()
    conflicts: Sequence[Conflict] = ()
    kept: frozenset[tuple[str, str]] = frozenset()
    batches: Sequence[tuple[str, str]] = ()
    entries: Sequence[tuple[str, str, int]] = ()


def lost(told: Iterable[Told], stored: Stored) -> list[str]:
    """Acknowledged mutations that the database does not hold as it said: state, bytes or any value (SPEC M5, M8)."""
    receipts = {receipt.mutation_id: receipt for receipt in stored.receipts}
    versions = {(version.record_id, version.version) for version in stored.versions}
    opened = {conflict.conflict_id for conflict in stored.conflicts}
    words = _words(stored)
    faults = []
    for one in told:
        receipt = receipts.get(one.mutation_id)
        if receipt is None:
            faults.append(f"{one.mutation_id} was told {one.outcome} and is not stored")
        elif (receipt.digest, receipt.outcome, receipt.version) != (one.digest, one.outcome, one.version):
            faults.append(f"{one.mutation_id} was told {one.outcome} {one.version} and is stored as {receipt}")
        elif one.outcome not in ACCEPTED:
            if (one.mutation_id, one.digest) not in stored.kept:
                faults.append(f"the bytes of {one.mutation_id}, {one.outcome}, are gone")
        elif (one.record_id, one.version) not in versions:
            faults.append(f"version {one.version} of {one.record_id} is gone")
        elif one.outcome == "conflicted" and one.mutation_id not in opened:
            faults.append(f"the conflict of {one.mutation_id} is gone")
        else:
            faults += [
                f"a value of {one.mutation_id} is gone" for word in one.values if word not in words[one.record_id]
            ]
    return faults


def _words(stored: Stored) -> Mapping[str, str]:
    """All that was ever written of each record, in one text."""
    texts: dict[str, list[str]] = defaultdict(list)
    for version in stored.versions:
        texts[version.record_id].append(version.body)
    for conflict in stored.conflicts:
        texts[conflict.record_id].append(conflict.phone)
    return defaultdict(str, {record_id: "\n".join(found) for record_id, found in texts.items()})


def doubled(stored: Stored) -> list[str]:
    """Mutations that had their effect more than once, and versions that are there twice or in two batches."""
    faults = []
    for what, ids in (
        ("mutation", Counter(receipt.mutation_id for receipt in stored.receipts)),
        ("mutation with versions", Counter(version.mutation_id for version in stored.versions)),
        ("version", Counter((version.record_id, version.version) for version in stored.versions)),
        ("sealed version", Counter((record_id, version) for _, record_id, version in stored.entries)),
        ("conflict", Counter(conflict.conflict_id for conflict in stored.conflicts)),
    ):
        faults += [f"{what} {name} is there {times} times" for name, times in ids.items() if times > 1]
    known = {receipt.mutation_id for receipt in stored.receipts}
    faults += [f"version by unknown {row.mutation_id}" for row in stored.versions if row.mutation_id not in known]
    return faults + _gaps(stored)


def _gaps(stored: Stored) -> list[str]:
    numbers: dict[str, list[int]] = defaultdict(list)
    for version in stored.versions:
        numbers[version.record_id].append(version.version)
    faults = [f"{key} has versions {sorted(found)}" for key, found in numbers.items() if max(found) != len(found)]
    present = {record.record_id: record.version for record in stored.records}
    return faults + [f"{key} stands at {present.get(key)}" for key in numbers if present.get(key) != max(numbers[key])]


def unconverged(records: Mapping[str, Mapping[str, Any]], area_ids: Iterable[str], stored: Stored) -> list[str]:
    """How a phone at rest differs from the server's scope; `records` are its last changes by id.

    It may lack what was removed: who starts over is told no tombstones (M23).
    """
    mine = set(area_ids)
    there = {record.record_id: record for record in stored.records if record.area_id in mine}
    faults = [f"the phone lacks {key}" for key in there.keys() - records.keys() if not there[key].removed]
    faults += [f"the phone has {key} too many" for key in records.keys() - there.keys()]
    for key in there.keys() & records.keys():
        if _seen(records[key]) != _held(there[key]):
            faults.append(f"the phone has {_seen(records[key])} and the server {_held(there[key])}")
    return faults


def _seen(change: Mapping[str, Any]) -> tuple[Any, ...]:
    batch = change["batch"]
    return change["version"], change.get("removed", False), change.get("report"), batch["hash"] if batch else ""


def _held(record: Record) -> tuple[Any, ...]:
    return record.version, record.removed, json.loads(record.body) if record.body else None, record.batch


def unsealed(stored: Stored) -> list[str]:
    """Accepted versions that are not in exactly one batch, by the database's own rows (B4)."""
    entries = Counter((record_id, version) for _, record_id, version in stored.entries)
    where = {(record_id, version): batch_id for batch_id, record_id, version in stored.entries}
    return [
        f"version {row.version} of {row.record_id} is in {entries[row.record_id, row.version]} batches"
        for row in stored.versions
        if entries[row.record_id, row.version] != 1 or where[row.record_id, row.version] != row.batch_id
    ]


def unchained(documents: Sequence[Mapping[str, Any]], stored: Stored) -> list[str]:
    """What is wrong with the batches as one destination got them, in their first order (B2-B4, B12)."""
    faults, previous, told = [], FIRST, Counter[tuple[str, int]]()
    for place, document in enumerate(documents, 1):
        header, hash_ = document["header"], document["hash"]
        digests = [_digest(entry) for entry in document["entries"]]
        if sha256(canonical(header)).hexdigest() != hash_ or digests != header["entries"]:
            faults.append(f"batch {place} does not verify")
        if (header["previous"], header["seq"]) != (previous, place):
            faults.append(f"batch {place} follows {header['previous']}, not {previous}")
        previous = hash_
        told.update((entry["entry"]["record_id"], entry["entry"]["version"]) for entry in document["entries"])
    if sorted(document["hash"] for document in documents) != sorted(hash_ for _, hash_ in stored.batches):
        faults.append("the batches received are not those that were sealed")
    versions = Counter((row.record_id, row.version) for row in stored.versions)
    if told != versions:
        faults.append(f"{sum(((told - versions) + (versions - told)).values())} versions are not told exactly once")
    return faults


def _digest(entry: Mapping[str, Any]) -> str:
    return sha256(bytes.fromhex(entry["salt"]) + canonical(entry["entry"])).hexdigest()


def not_once(names: Iterable[str], stored: Stored) -> tuple[list[str], list[str]]:
    """Of the names that a phone said were saved: those that no record ever bore, and those that several did.

    Others may have edited the record since, so all of its versions are looked at.
    """
    borne = {(row.record_id, json.loads(row.body)["identity"]["full_name"]) for row in stored.versions if row.body}
    there = Counter(name for _, name in borne)
    wanted = list(names)
    return [name for name in wanted if not there[name]], [name for name in wanted if there[name] > 1]
