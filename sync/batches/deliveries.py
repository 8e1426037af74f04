"""The states of a delivery: one batch on its way to one destination (SPEC B11).

    waiting -claim-> sending -accept-> accepted
       ^                |-retry-> waiting
       |                |-claim-> sending: its lease ended and nobody knows what became of the attempt
       |                +-refuse-> failed
       +------------ again ----------+ a person has seen to it

An event that a state does not know changes nothing. An answer that comes after the lease ended still counts when it
says `accept`: the destination has the batch.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from sync.protocol.console import DeliveryState as State

SECOND: Final = 1_000
FIRST_DELAY: Final = 5 * SECOND
LONGEST_DELAY: Final = 900 * SECOND


class Event(StrEnum):
    claim = "claim"
    accept = "accept"
    retry = "retry"
    refuse = "refuse"
    again = "again"


MOVES: Final[Mapping[Event, Mapping[State, State]]] = {
    Event.claim: {State.waiting: State.sending, State.sending: State.sending},
    Event.accept: {State.sending: State.accepted, State.waiting: State.accepted, State.failed: State.accepted},
    Event.retry: {State.sending: State.waiting},
    Event.refuse: {State.sending: State.failed},
    Event.again: {State.failed: State.waiting},
}


def sources(event: Event) -> tuple[State, ...]:
    """The states in which an event may happen."""
    return tuple(MOVES[event])


def target(event: Event, state: State) -> State:
    """The state after an event. Raises KeyError where the event may not happen."""
    return MOVES[event][state]


def backoff(attempts: int, jitter: float) -> int:
    """Milliseconds until the next attempt after so many. `jitter` is random in [0, 1): all of the delay is spread."""
    return SECOND + int(jitter * min(FIRST_DELAY << min(attempts - 1, 30), LONGEST_DELAY))
