"""Traces of operations: played again in a fresh world, and made small when they end in a failure."""

from collections.abc import Callable, Sequence
from typing import Any

from tests.support.model.server import Server
from tests.support.model.world import World

Trace = Sequence[tuple[str, dict[str, Any]]]


def replay(trace: Trace, new_server: Callable[[], Server], phones: int, right_clocks: bool = False) -> World:
    """The world after a trace; raises what an operation raises."""
    server = new_server()
    try:
        world = World(server, phones, right_clocks)
        for operation, arguments in trace:
            world.play(operation, **arguments)
        return world
    finally:
        server.close()


def smallest(trace: Trace, new_server: Callable[[], Server], phones: int) -> Trace:
    """A trace that fails still, and of which no operation can be left out."""
    kept = list(trace)
    size = len(kept) // 2
    while size:
        start = 0
        while start < len(kept):
            fewer = kept[:start] + kept[start + size :]
            if _fails(fewer, new_server, phones):
                kept = fewer
            else:
                start += size
        size //= 2
    return kept


def _fails(trace: Trace, new_server: Callable[[], Server], phones: int) -> bool:
    try:
        replay(trace, new_server, phones)
    except Exception:
        return True
    return False


def written(trace: Trace) -> str:
    """A trace as a person reads it."""
    lines = (f"  {name}({', '.join(f'{key}={value!r}' for key, value in how.items())})" for name, how in trace)
    return "\n".join(lines)
