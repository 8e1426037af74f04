"""A queue that works in groups: what comes while a group is worked on waits, and shares the next one (SPEC M15)."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Final, Generic, TypeVar

MOST_WEIGHT: Final = 1000
MOST_ITEMS: Final = 200

T = TypeVar("T")


class Stage(Generic[T]):
    """A queue whose items are worked on in groups, one group at a time, for as long as there are any."""

    def __init__(self, work: Callable[[list[T]], Awaitable[None]], weight: Callable[[T], int]) -> None:
        self._work = work
        self._weight = weight
        self._items: deque[T] = deque()
        self._running: asyncio.Task[None] | None = None

    def __len__(self) -> int:
        return len(self._items)

    def add(self, item: T) -> None:
        self._items.append(item)
        if self._running is None:
            self._running = asyncio.create_task(self._run())

    async def close(self) -> None:
        """Work off all that waits."""
        while self._running is not None:
            await self._running

    async def _run(self) -> None:
        try:
            while self._items:
                await self._work(self._next_group())
        finally:
            self._running = None

    def _next_group(self) -> list[T]:
        group = [self._items.popleft()]
        weight = self._weight(group[0])
        while self._items and len(group) < MOST_ITEMS:
            weight += self._weight(self._items[0])
            if weight > MOST_WEIGHT:
                break
            group.append(self._items.popleft())
        return group
