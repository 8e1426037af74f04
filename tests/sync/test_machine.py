"""Everything that can go wrong between phones and server, in any order, against an oracle (invariants of the design).

Hypothesis draws the operations of `tests.support.model.world`, which checks the invariants after each and at rest:
1 and 13 each confirmed mutation ends once · 2 repeating changes nothing · 3, 6 nothing is lost · 4, 5 phones hold what
the server has · 7-9 sealed batches · 10 nothing out of scope is told · 12 no clock matters · 14 poison · 15 old apps.

    RONDA_SEED=17 pytest tests/sync/test_machine.py            the run whose seed was printed
    RONDA_EXAMPLES=5000 pytest tests/sync/test_machine.py      a long one
"""

import os
from collections.abc import Callable
from typing import Any, Final

import pytest
import structlog.testing
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from server.store import pull
from tests.support.model import traces
from tests.support.model.phone import EMPTY, Json
from tests.support.model.seed import SEED
from tests.support.model.server import PostgresServer, Server, SqliteServer
from tests.support.model.world import World

EXAMPLES: Final = int(os.environ.get("RONDA_EXAMPLES") or 40)
STEPS: Final = 40

SECOND: Final = 1000
DAY: Final = 24 * 3600 * SECOND
YEARS: Final = 3652 * DAY

which = st.integers(0, 7)
at_most = st.integers(1, 4)
skews = st.sampled_from([0, -90 * SECOND, 7 * 60 * SECOND, DAY, -DAY, 10 * 365 * DAY, -YEARS, -10 * YEARS])


@st.composite
def changes(draw: st.DrawFn) -> Json:
    """Some groups of a report. Few values, so that phones often agree and often do not."""
    words = st.sampled_from(["", "satu", "dua", "tiga"])
    groups: Json = {
        "identity": {**EMPTY["identity"], "full_name": draw(words)},
        "stay": {**EMPTY["stay"], "address": draw(words)},
        "note": draw(words),
        "photos": sorted(draw(st.sets(st.sampled_from(["a" * 64, "b" * 64, "c" * 64])))),
    }
    named = draw(st.sets(st.sampled_from(sorted(groups)), min_size=1))
    return {name: groups[name] for name in sorted(named)}


class Machine(RuleBasedStateMachine):
    """Draws operations; what they do and what must hold stands in the world."""

    new_server: Callable[[], Server]

    def __init__(self) -> None:
        super().__init__()
        self.server = type(self).new_server()
        self.failed = False

    @initialize(phones=st.integers(2, 5), clocks=st.lists(skews, min_size=5, max_size=5))
    def begin(self, phones: int, clocks: list[int]) -> None:
        self.phones = phones
        self.world = World(self.server, phones)
        for phone in range(phones):
            self.play("set_clock", phone=phone, skew=clocks[phone])
            self.play("send", phone=phone, at_most=1)

    @rule(phone=which, rt=which, changes=changes())
    def save(self, **drawn: Any) -> None:
        self.play("save", **drawn)

    @rule(phone=which, record=which, changes=changes())
    def edit(self, **drawn: Any) -> None:
        self.play("edit", **drawn)

    @rule(phone=which, record=which, changes=changes())
    def edit_twice(self, phone: int, record: int, changes: Json) -> None:
        """By another phone as well, so that they differ."""
        self.play("edit", phone=phone, record=record, changes=changes)
        self.play("edit", phone=phone + 1, record=record, changes=changes | {"note": "lain"})

    @rule(phone=which, record=which)
    def open(self, **drawn: Any) -> None:
        self.play("open", **drawn)

    @rule(phone=which, record=which)
    def remove(self, **drawn: Any) -> None:
        self.play("remove", **drawn)

    @rule(phone=which, rt=which)
    def nil(self, **drawn: Any) -> None:
        self.play("nil", **drawn)

    @rule(phone=which, kind=st.integers(0, 3))
    def poison(self, **drawn: Any) -> None:
        self.play("poison", **drawn)

    @rule(phone=which, at_most=at_most)
    def send(self, **drawn: Any) -> None:
        self.play("send", **drawn)

    @rule(phone=which, at_most=at_most)
    def lose_the_answer(self, **drawn: Any) -> None:
        self.play("lose_the_answer", **drawn)

    @rule(phone=which, at_most=at_most, together=st.booleans(), first=st.booleans())
    def duplicate(self, **drawn: Any) -> None:
        self.play("duplicate", **drawn)

    @rule(phone=which, at_most=at_most)
    def delay(self, **drawn: Any) -> None:
        self.play("delay", **drawn)

    @rule(which=which)
    def arrive_late(self, **drawn: Any) -> None:
        self.play("arrive_late", **drawn)

    @rule(at_most=at_most)
    def send_together(self, **drawn: Any) -> None:
        self.play("send_together", **drawn)

    @rule(phone=which)
    def crash(self, **drawn: Any) -> None:
        self.play("crash", **drawn)

    @rule(phone=which)
    def upgrade(self, **drawn: Any) -> None:
        self.play("upgrade", **drawn)

    @rule(minutes=st.sampled_from([1, 20, 90, 400, 1500]))
    def wait(self, **drawn: Any) -> None:
        self.play("wait", **drawn)

    @rule(phone=which, skew=skews)
    def set_clock(self, **drawn: Any) -> None:
        self.play("set_clock", **drawn)

    @rule(away=st.booleans())
    def go_away(self, **drawn: Any) -> None:
        self.play("go_away", **drawn)

    @rule(when=st.sampled_from(["before the commit", "after the commit", "in the read"]))
    def break_(self, **drawn: Any) -> None:
        self.play("break_", **drawn)

    @rule(which=which)
    def curse(self, **drawn: Any) -> None:
        self.play("curse", **drawn)

    @rule()
    def lift(self) -> None:
        self.play("lift")

    @rule(rt=which, officer=which)
    def move(self, **drawn: Any) -> None:
        self.play("move", **drawn)

    @rule(rt=which, hours=st.integers(1, 6))
    def end(self, **drawn: Any) -> None:
        self.play("end", **drawn)

    @rule()
    def seal(self) -> None:
        self.play("seal")

    @rule(which=which, take_theirs=st.booleans(), stale=st.booleans())
    def resolve(self, **drawn: Any) -> None:
        self.play("resolve", **drawn)

    @rule()
    def back_up(self) -> None:
        self.play("back_up")

    @rule()
    def restore(self) -> None:
        self.play("restore")

    @rule()
    def settle(self) -> None:
        self.play("settle")

    def teardown(self) -> None:
        try:
            if hasattr(self, "world") and not self.failed:
                self.play("close_the_day")
                self.invariant_12_other_clocks_give_the_same()
        finally:
            self.server.close()

    def play(self, operation: str, **arguments: Any) -> None:
        try:
            self.world.play(operation, **arguments)
        except BaseException:
            self.failed = True
            trace = traces.smallest(self.world.trace, type(self).new_server, self.phones)
            print(f"RONDA_SEED={SEED}, {self.phones} phones, the smallest trace that fails:\n{traces.written(trace)}")
            traces.replay(trace, type(self).new_server, self.phones)
            raise

    def invariant_12_other_clocks_give_the_same(self) -> None:
        """The same operations by phones whose clocks are right. A jump may carry a capture over the end of an area."""
        if not (self.world.jumped and self.world.moved):
            other = traces.replay(self.world.trace, type(self).new_server, self.phones, right_clocks=True)
            assert other.told(self.world.jumped) == self.world.told(self.world.jumped)


def try_it(new_server: Callable[[], Server], examples: int, steps: int, monkeypatch: pytest.MonkeyPatch) -> None:
    print(f"RONDA_SEED={SEED}")
    monkeypatch.setattr(pull, "PAGE", 3)
    machine = type("Machine", (Machine,), {"new_server": staticmethod(new_server)})
    chosen = settings(
        max_examples=examples,
        stateful_step_count=steps,
        deadline=None,
        database=None,
        print_blob=True,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    with structlog.testing.capture_logs():
        run_state_machine_as_test(seed(SEED)(machine), settings=chosen)


def test_the_invariants_hold_on_sqlite(monkeypatch: pytest.MonkeyPatch) -> None:
    """M4 to M18, W1 to W4, B4 to B7, in any order of events."""
    try_it(SqliteServer, EXAMPLES, STEPS, monkeypatch)


def test_the_invariants_hold_on_postgresql(migrated_postgresql: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """M4 to M18, W1 to W4, B4 to B7, in any order of events."""
    try_it(lambda: PostgresServer(migrated_postgresql), max(EXAMPLES // 8, 1), STEPS // 2, monkeypatch)
