"""From what was seen to the rows of the table: names, values, goals, and whether they hold."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from hashlib import sha256
from statistics import median
from typing import Any, Final

from msgspec import Struct
from standardwebhooks.webhooks import Webhook

from server.transports.webhook import webhook_secret
from tests.bench.rows import Row, exactly
from tests.chaos import oracle, points
from tests.chaos.installation import Outcome
from tests.chaos.oracle import Told
from tests.support.receivers import Received
from tests.support.sealed import canonical

FULL_SECONDS: Final = 900
FULL_KILLS: Final = 500
FULL_ACKNOWLEDGEMENTS: Final = 100_000
# In a shorter run the start and the end weigh more, so half of the full run's pace has to do.
SHORT: Final = 0.5
MOST_SENTENCES: Final = 5


class Verdict(Struct, frozen=True):
    """The rows, and the sentences behind those that should be 0."""

    rows: list[Row]
    faults: list[str]


def judge(outcomes: Sequence[Outcome], seconds: float) -> Verdict:
    """Count what came of all installations."""
    share = 1 if seconds >= FULL_SECONDS else SHORT * seconds / FULL_SECONDS
    kills = sum((_kills(outcome) for outcome in outcomes), Counter[str]())
    told = {outcome.name: list(_told(outcome)) for outcome in outcomes}
    faults = _Faults()
    received = sum(faults.of_batches(outcome) for outcome in outcomes)
    for outcome in outcomes:
        faults.of_mutations(outcome, told[outcome.name])
    recoveries = [second for outcome in outcomes for second in outcome.tally.recoveries]
    rows = [
        _at_least("kills", kills.total(), "processes", round(FULL_KILLS * share)),
        *_named(kills, share == 1),
        *(Row(f"troubles: {name}", times, "times") for name, times in _merged(o.troubles for o in outcomes)),
        *(Row(f"network: {name}", times, "times") for name, times in _merged(o.faults for o in outcomes)),
        _at_least("acknowledgements", sum(map(len, told.values())), "mutations", round(FULL_ACKNOWLEDGEMENTS * share)),
        *(Row(f"acknowledgements: {name}", len(found), "mutations") for name, found in told.items()),
        *faults.rows(),
        Row("phones", sum(len(outcome.phones) for outcome in outcomes), "phones"),
        _at_least("windows checked", sum(outcome.windows for outcome in outcomes), "windows", 1),
        _at_least("batches", sum(len(outcome.stored.batches) for outcome in outcomes), "batches", 1),
        Row("duplicates received", received, "deliveries"),
        Row("seconds to recover, median", round(median(recoveries or [0]), 2), "s"),
        Row("seconds to recover, most", round(max(recoveries, default=0), 2), "s"),
        Row("reports captured on a real phone", sum(len(o.real.saved) for o in outcomes if o.real), "reports"),
    ]
    return Verdict(rows, faults.sentences)


class _Faults:
    """Collects sentences under the names of the rows that must be 0."""

    NAMES: Final = (
        "lost", "doubled", "unconverged phones", "versions not in exactly one batch", "breaks of the chain",
        "answers that nobody should get", "processes that ended by themselves",
    )  # fmt: skip

    def __init__(self) -> None:
        self._counts = Counter[str]()
        self.sentences: list[str] = []

    def _add(self, name: str, outcome: Outcome, found: Iterable[str]) -> None:
        for place, sentence in enumerate(found):
            self._counts[name] += 1
            if place < MOST_SENTENCES:
                self.sentences.append(f"{outcome.name}, {name}: {sentence}")

    def of_mutations(self, outcome: Outcome, told: Sequence[Told]) -> None:
        stored = outcome.stored
        self._add("lost", outcome, oracle.lost(told, stored))
        self._add("doubled", outcome, oracle.doubled(stored))
        self._add("unconverged phones", outcome, _differing(outcome))
        self._add("versions not in exactly one batch", outcome, oracle.unsealed(stored))
        self._add("answers that nobody should get", outcome, (f"{a}, {times}x" for a, times in outcome.odd.items()))
        self._add("processes that ended by themselves", outcome, outcome.tally.fell)
        if outcome.real:
            missing, twice = oracle.not_once(outcome.real.saved, stored)
            self._add("lost", outcome, (f"{name} was saved on a real phone" for name in missing))
            self._add("doubled", outcome, (f"{name} of a real phone" for name in twice))
            self._add("unconverged phones", outcome, [outcome.real.fault] if outcome.real.fault else [])

    def of_batches(self, outcome: Outcome) -> int:
        """Verify what each destination got; returns how often a batch came again."""
        again = 0
        for name, posts in outcome.posts.items():
            first: dict[str, Any] = {}
            secret = webhook_secret(outcome.secrets / "secrets", name)
            for post in posts:
                document = json.loads(post.body)
                if not _is_signed(secret, post, document["hash"]):
                    self._add("breaks of the chain", outcome, [f"a delivery of {document['hash']} is not signed"])
                again += document["hash"] in first
                first.setdefault(document["hash"], document)
            self._add("breaks of the chain", outcome, oracle.unchained(list(first.values()), outcome.stored))
        return again

    def rows(self) -> Iterator[Row]:
        for name in self.NAMES:
            yield exactly(name, self._counts[name], "", 0)


def _differing(outcome: Outcome) -> Iterator[str]:
    """One sentence for each phone that is not at rest, or not equal to its scope."""
    if not outcome.at_rest:
        yield "all did not come to rest in time"
    for phone in outcome.phones:
        differences = oracle.unconverged(phone.records, phone.area_ids, outcome.stored)
        if not phone.at_rest:
            differences.append(f"{len(phone.waiting())} mutations wait")
        yield from differences[:1]


def _is_signed(secret: str, post: Received, digest: str) -> bool:
    """As Standard Webhooks says (B14), but for the age, which the end of a long run exceeds."""
    moment = datetime.fromtimestamp(int(post.headers["webhook-timestamp"]), UTC)
    signature = Webhook(secret).sign(post.headers["webhook-id"], moment, post.body.decode())
    return post.headers["webhook-signature"] == signature and post.headers["idempotency-key"] == digest


def _told(outcome: Outcome) -> Iterator[Told]:
    entries = [entry for phone in outcome.phones for entry in phone.acknowledged()] + outcome.desk.settled
    for entry in entries:
        assert entry.told
        digest = sha256(canonical(entry.mutation)).hexdigest()
        yield Told(entry.mutation_id, digest, entry.record_id, entry.mutation["kind"], *entry.told, entry.values)


def _kills(outcome: Outcome) -> Counter[str]:
    real = Counter({"chromium while capturing": outcome.real.kills}) if outcome.real else Counter[str]()
    stops = Counter({name: times for name, times in outcome.troubles.items() if name.startswith("postgresql")})
    return outcome.tally.kills + real + stops


def _named(kills: Counter[str], in_full: bool) -> Iterator[Row]:
    """In the full run each named point must have been hit."""
    wanted = {*points.OF_SERVER, *points.OF_WORKER}
    for name in sorted({*kills, *wanted}):
        row = Row(f"kills: {name}", kills[name], "processes")
        yield _at_least(row.name, row.value, row.unit, 1) if in_full and name in wanted else row


def _at_least(name: str, value: float, unit: str, goal: float) -> Row:
    return Row(name, value, unit, f">= {goal:,}", value >= goal)


def _merged(counters: Iterable[Counter[str]]) -> list[tuple[str, int]]:
    return sorted(sum(counters, Counter[str]()).items())
