"""The ground of a world: its phones, its server and the oracle, and what passes between them.

Each answer of the server must be what the oracle says, and a phone that pulled all must hold what the server has.
"""

import json
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sync.protocol.values import PROTOCOL
from tests.support.model import city, holds
from tests.support.model.city import PHONES
from tests.support.model.oracle import Brought, Oracle
from tests.support.model.phone import Json, Phone, Request, Row, Run
from tests.support.model.server import Server


class Ground:
    def __init__(self, server: Server, phones: int, right_clocks: bool = False) -> None:
        self.server = server
        self.oracle = Oracle()
        self.now = city.START
        self.trace: list[tuple[str, dict[str, Any]]] = []
        self.jumped = self.moved = False
        self._right_clocks = right_clocks
        self._ids = 1000
        self._phones = [Phone(number, self._new_id, 1 + number % PROTOCOL) for number in range(phones)]
        self._ledger: list[Row] = []
        self._late: list[Request] = []
        self._seen: dict[tuple[int, str], tuple[Json, int]] = {}
        self._epochs = {"": server.epoch}
        self._backup: Any = None
        self._restores = 0
        self._book: dict[int, tuple[Any, ...]] = {}

    def _serve(self, requests: Sequence[Request]) -> list[Json | None]:
        """What the server answers, which must be what the oracle says."""
        breaks = self.server.db.breaks
        predicted = None if self.server.db.away else self._predict(requests)
        if predicted is not None and breaks == "after the commit" and any(request.rows for request in requests):
            predicted = [told for request in requests for told in self._predict([request])]
        answers = self.server.serve(requests, self.now)
        for number, (request, answer) in enumerate(zip(requests, answers, strict=True)):
            may_fail = predicted is None or (breaks == "in the read" and not request.rows)
            assert may_fail if answer is None else predicted is not None
            if predicted is not None and answer is not None:
                wanted = predicted[number]
                assert [
                    in_the_words_of(one, found) for found, one in zip(answer["outcomes"], wanted, strict=True)
                ] == wanted
                holds.invariant_15_an_old_app_is_answered_in_its_words(answer, json.loads(request.body)["protocol"])
                holds.invariant_10_nothing_out_of_scope_is_told(answer, self._scope(self._phone(request.phone)))
                if answer["cursor"] != request.cursor:
                    self._epochs[answer["cursor"]] = self.server.epoch
        return answers

    def _predict(self, requests: Sequence[Request]) -> list[list[Json]]:
        """The outcomes of each request. The clocks are those of the exchange before."""
        brought = [[self._brought(request, row) for row in request.rows] for request in requests]
        told = [self.oracle.decide_all(own) for own in brought]
        for request in requests:
            self.oracle.state.offsets[request.phone] = self.now - request.now
        return told

    def _brought(self, request: Request, row: Row) -> Brought:
        body = json.loads(row.body)
        captured_at = request.now if "unreadable" in body else body["captured_at"]
        instant, flags = self.oracle.capture(request.phone, captured_at, request.now, self.now)
        fits = self._epochs[request.cursor] == self.server.epoch or not request.cursor
        return Brought(row.body, PHONES[request.phone], instant, flags, fits)

    def _take(self, request: Request, answer: Json, alone: bool = True) -> bool:
        phone = self._phone(request.phone)
        again = phone.take(request, answer)
        if alone and not answer["more"] and not self.server.db.away:
            rows = self.server.read(holds.stored)
            holds.invariant_4_a_phone_holds_what_the_server_has_in_its_scope(rows, phone, self._scope(phone))
        if phone.is_green:
            receipts = self.oracle.state.receipts
            own = [row for row in phone.outbox if row.mutation_id]
            assert all(row.mutation_id in receipts for row in own), "13: green, and not confirmed"
        return again

    def _invariant_2_sending_all_again_changes_nothing(self, ledger: Sequence[Row]) -> None:
        before = self.server.read(holds.stored)
        for phone in self._phones:
            own = [row for row in reversed(ledger) if row in phone.outbox]
            frame = phone.prepare(self.now, 0)
            frame.rows, frame.body = own, frame.body.replace("[]", f"[{','.join(row.body for row in own)}]")
            self._serve([frame])
        assert self.server.read(holds.stored) == before

    def _still_known(self) -> list[Row]:
        """What was confirmed, but for what a phone no longer keeps after 30 days: a backup may not have held it."""
        outboxes = [row for phone in self._phones for row in phone.outbox]
        return [row for row in self._ledger if not self._restores or any(row is one for one in outboxes)]

    def _scope(self, phone: Phone) -> set[str]:
        return self.oracle.reads(PHONES[phone.number], self.now)

    def _phone(self, phone: int) -> Phone:
        return self._phones[phone % len(self._phones)]

    def _at_the_start_of_a_run(self, phone: int) -> Phone:
        own = self._phone(phone)
        own.run = Run()
        return own

    def _report(self, phone: int, which: int) -> str | None:
        """One of the reports that the phone shows, unless it is removed."""
        own = self._phone(phone)
        shown = {id_: own.shown(id_) for id_ in own.records}
        found = [id_ for id_, (report, removed) in shown.items() if report is not None and not removed]
        return found[which % len(found)] if found else None

    def _note(self, row: Row) -> None:
        self._ledger.append(row)

    def _is_well(self) -> bool:
        if not self.server.db.away:
            self.server.db.breaks = ""
        return not self.server.db.away

    def _new_id(self) -> str:
        self._ids += 1
        return str(UUID(int=self._ids))


def in_the_words_of(wanted: Json, outcome: Json) -> Json:
    """What an outcome says of the things that are wanted."""
    return {name: outcome.get(name) for name in wanted}
