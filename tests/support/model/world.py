"""Phones, server and oracle in one world, in which everything that can go wrong does, one operation after another.

An operation is a method that `play` calls by its name; the same operations give the same world, so a trace of them can
be played again with other clocks.
"""

import json
from collections.abc import Sequence
from copy import deepcopy
from typing import Any, Final
from uuid import UUID

import msgspec

from server.store import conflicts, sealing
from server.store.conflicts import Decided
from sync.intake import read
from sync.protocol.exchange import Outcome
from sync.protocol.values import PROTOCOL
from tests.support.model import city, holds
from tests.support.model.city import HOUR, OFFICERS, RTS, SCHEDULE
from tests.support.model.ground import Ground, in_the_words_of
from tests.support.model.oracle import Brought
from tests.support.model.phone import Json
from tests.support.model.server import curse, lift

CONSOLE: Final = UUID(int=900)
LONGEST_RUN: Final = 200


class World(Ground):
    """All operations, by groups of whom they befall."""

    def play(self, operation: str, **arguments: Any) -> None:
        """Do one operation, then check what must hold after each."""
        self.trace.append((operation, arguments))
        self.now += 1000
        getattr(self, operation)(**arguments)
        rows = self.server.read(holds.stored)
        holds.the_server_is_as_the_oracle_says(rows, self.oracle.state)
        holds.invariant_7_sealed_bytes_are_as_they_were(rows, self._book)

    # Officers

    def save(self, phone: int, rt: int, changes: Json) -> None:
        """A report begun, in one of the RTs that the phone knows of."""
        if areas := self._phone(phone).areas():
            self._note(self._phone(phone).save(areas[rt % len(areas)], changes, self.now))

    def nil(self, phone: int, rt: int) -> None:
        if areas := self._phone(phone).areas():
            self._note(self._phone(phone).nil(areas[rt % len(areas)], self.now))

    def open(self, phone: int, record: int) -> None:
        """The form of a report is opened; what the officer sees now is the base of the edit that comes later."""
        if (record_id := self._report(phone, record)) is not None:
            report, _ = self._phone(phone).shown(record_id)
            self._seen[phone, record_id] = (deepcopy(report or {}), self.now)

    def edit(self, phone: int, record: int, changes: Json) -> None:
        if (record_id := self._report(phone, record)) is not None:
            report, _ = self._phone(phone).shown(record_id)
            seen, _ = self._seen.pop((phone, record_id), (report or {}, self.now))
            self._note(self._phone(phone).edit(record_id, seen, changes, self.now))

    def remove(self, phone: int, record: int) -> None:
        if (record_id := self._report(phone, record)) is not None:
            self._note(self._phone(phone).remove(record_id, self.now))

    def poison(self, phone: int, kind: int) -> None:
        """A fault of the app puts something unreadable, or other bytes under a known id, into the outbox."""
        own = self._phone(phone)
        known = next((row for row in own.outbox if row.is_readable), None)
        if kind == 3 and known:
            self._note(own.poison({**json.loads(known.body), "area_id": str(UUID(int=404))}))
            return
        body = [
            {"kind": "nil", "mutation_id": self._new_id(), "unreadable": "mutation_unreadable"},
            {"kind": "census", "number": self._new_id(), "unreadable": "mutation_unreadable"},
            {"kind": "report", "mutation_id": self._new_id(), "note": "e\u0301", "unreadable": "text_forbidden"},
        ][kind % 3]
        self._note(own.poison(body))

    # The network

    def send(self, phone: int, at_most: int) -> None:
        """A run of exchanges, until nothing waits and all changes are there, or until there is no answer."""
        own = self._at_the_start_of_a_run(phone)
        for _ in range(LONGEST_RUN):
            request = own.prepare(self.now, at_most)
            [answer] = self._serve([request])
            if answer is None or not self._take(request, answer):
                return
            self.now += 10
        raise AssertionError("a run does not end")

    def lose_the_answer(self, phone: int, at_most: int) -> None:
        self._serve([self._at_the_start_of_a_run(phone).prepare(self.now, at_most)])

    def duplicate(self, phone: int, at_most: int, together: bool, first: bool) -> None:
        """A request arrives twice, at once or one after the other, and the phone gets either answer."""
        request = self._at_the_start_of_a_run(phone).prepare(self.now, at_most)
        groups = [[request, request]] if together else [[request], [request]]
        answers = [answer for group in groups for answer in self._serve(group)]
        if (answer := answers[0 if first else 1]) is not None:
            self._take(request, answer, alone=False)

    def delay(self, phone: int, at_most: int) -> None:
        """A request goes into the network and does not arrive yet; the phone gives it up."""
        self._late.append(self._at_the_start_of_a_run(phone).prepare(self.now, at_most))

    def arrive_late(self, which: int) -> None:
        """An old request arrives, perhaps after newer ones; nobody waits for its answer."""
        if self._late:
            self._serve([self._late.pop(which % len(self._late))])

    def send_together(self, at_most: int) -> None:
        """One request of each phone, in one transaction."""
        phones = [self._at_the_start_of_a_run(phone) for phone in range(len(self._phones))]
        requests = [phone.prepare(self.now, at_most) for phone in phones]
        for request, answer in zip(requests, self._serve(requests), strict=True):
            if answer is not None:
                self._take(request, answer, alone=False)

    def crash(self, phone: int) -> None:
        self._phone(phone).crash()

    def upgrade(self, phone: int) -> None:
        """The phone gets today's app, and sends what the older one has left in its outbox."""
        self._phone(phone).protocol = PROTOCOL

    # Time and clocks

    def wait(self, minutes: int) -> None:
        self.now += minutes * 60_000

    def set_clock(self, phone: int, skew: int) -> None:
        """The phone's clock is wrong by some milliseconds from now on."""
        own = self._phone(phone)
        self.jumped |= bool(own.outbox or own.scope)
        own.skew = 0 if self._right_clocks else max(skew, 1 - self.now)

    # The server

    def go_away(self, away: bool) -> None:
        self.server.db.away = away

    def break_(self, when: str) -> None:
        """The connection to the database breaks in the next transaction of a kind."""
        if not self.oracle.cursed and not self.server.db.away:
            self.server.db.breaks = when

    def curse(self, which: int) -> None:
        """From now on the database refuses new versions of one record."""
        waiting = [row.record_id for row in self._ledger if row.is_pending and row.record_id]
        if waiting and not self.oracle.cursed and not self.server.db.away:
            self.server.db.breaks = ""
            record_id = waiting[which % len(waiting)]
            self.oracle.cursed = {record_id}
            self.server.write(curse, UUID(record_id))

    def lift(self) -> None:
        if self.oracle.cursed and not self.server.db.away:
            self.server.write(lift)
            self.oracle.cursed = set()

    def move(self, rt: int, officer: int) -> None:
        """An RT gets another head."""
        if self._is_well():
            self.moved = True
            area_id, name = RTS[rt % len(RTS)], OFFICERS[officer % len(OFFICERS)]
            self.server.write(city.move, UUID(self._new_id()), area_id, name, self.now)
            self.oracle.move(area_id, name, self.now)

    def end(self, rt: int, hours: int) -> None:
        """An RT is to end, some hours from now."""
        area_id = RTS[rt % len(RTS)]
        if self._is_well() and str(area_id) not in self.oracle.state.ends:
            self.moved = True
            self.oracle.state.ends[str(area_id)] = self.now + hours * HOUR
            self.server.write(city.end, area_id, self.now + hours * HOUR)

    def seal(self) -> None:
        """All that is due."""
        while self._is_well() and self.server.write(sealing.seal_next, self.now, SCHEDULE, 15 * 60_000):
            self.now += 1

    def resolve(self, which: int, take_theirs: bool, stale: bool) -> None:
        """A console user decides a conflict, or decides it upon a version that is no longer the newest."""
        waiting = [(id_, one) for id_, one in self.oracle.state.conflicts.items() if one["resolved_by"] is None]
        if not waiting or not self._is_well() or self.oracle.cursed:
            return
        conflict_id, conflict = waiting[which % len(waiting)]
        record = self.oracle.state.records[conflict["record_id"]]
        body = {
            **{"kind": "resolve", "mutation_id": self._new_id(), "record_id": conflict["record_id"]},
            **{"area_id": record.area_id, "captured_at": self.now, "seen_version": record.version - int(stale)},
            **{"conflict_ids": [conflict_id], "changes": conflict["phone"] if take_theirs else {}, "removed": False},
        }
        incoming = read(json.dumps(body).encode())
        decided = Decided(incoming, CONSOLE, city.CITY, self.now, self.server.new_salt())
        outcome: Outcome = self.server.write(conflicts.resolve, decided, SCHEDULE)
        wanted = self.oracle.decide(Brought(json.dumps(body), "", self.now, ""), resolver=True)
        assert in_the_words_of(wanted, msgspec.to_builtins(outcome)) == wanted

    def back_up(self) -> None:
        if self._is_well() and not self.oracle.cursed:
            self._backup = (self.server.snapshot(), deepcopy(self.oracle.state), dict(self._book), self.now)

    def restore(self) -> None:
        """The server's database goes back to the backup, and begins a new life."""
        if self._backup and self._is_well() and not self.oracle.cursed:
            backup, state, book, _ = self._backup
            self._restores += 1
            self.server.restore(backup, f"epoch {self._restores + 1}")
            self.oracle.state, self._book = deepcopy(state), dict(book)

    # Rest

    def settle(self) -> None:
        """All faults end, everybody sends and pulls; then the invariants of rest must hold."""
        self.server.db.away, self.server.db.breaks = False, ""
        self.lift()
        while self._late:
            self.arrive_late(0)
        for _ in range(2):
            for phone in self._phones:
                self.send(phone.number, 200)
        for phone in self._phones:
            self.send(phone.number, 200)
            rows = self.server.read(holds.stored)
            assert phone.is_green, "13: nothing waits, and yet the phone is not green"
            holds.invariant_4_a_phone_holds_what_the_server_has_in_its_scope(rows, phone, self._scope(phone))
            holds.invariant_4_the_officer_sees_what_the_server_has(rows, phone)
        ledger = self._still_known()
        holds.invariant_1_each_confirmed_mutation_has_ended_once(rows, ledger)
        holds.invariant_6_every_value_survives(rows, ledger)
        self._invariant_2_sending_all_again_changes_nothing(ledger)

    def close_the_day(self) -> None:
        """Rest, and all windows are sealed."""
        self.settle()
        self.now += 24 * HOUR
        self.seal()
        rows = self.server.read(holds.stored)
        holds.invariant_7_sealed_bytes_are_as_they_were(rows, self._book)
        holds.invariant_8_each_version_is_in_one_batch(rows)
        holds.invariant_9_the_chain_verifies(self._book)

    def told(self, jumped: bool) -> Any:
        """What must not depend on any phone's clock (invariant 12); windows and captures only while no clock jumped."""
        state = self.oracle.state
        bare = ("flags", "window", "captured_at") if jumped else ("flags",)
        return (
            state.records,
            state.conflicts,
            {key: _without(version, bare) for key, version in state.versions.items()},
            {key: _without(receipt, bare) for key, receipt in state.receipts.items()},
            {id_ for id_, _ in state.quarantine},
        )


def _without(values: Json, names: Sequence[str]) -> Json:
    return {name: value for name, value in values.items() if name not in names}
