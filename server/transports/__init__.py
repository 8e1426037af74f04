"""One file per kind of destination. A transport sends one batch once; when to try again is not its business."""

from typing import Protocol
from uuid import UUID

from msgspec import Struct

from sync.batches.sealing import Batch


class Parcel(Struct, frozen=True):
    """One batch on its way to one destination. `address` is as the transport understands it."""

    delivery_id: UUID
    destination: str
    address: str
    batch: Batch


class TransportError(Exception):
    """The destination does not have the batch, or nobody knows. The message names no person and no secret.

    A permanent one needs a person. `retry_after` are seconds that the destination asked for.
    """

    def __init__(self, message: str, *, permanent: bool, retry_after: int = 0) -> None:
        super().__init__(message)
        self.permanent = permanent
        self.retry_after = retry_after


class Transport(Protocol):
    async def send(self, parcel: Parcel, now: int) -> str:
        """Send once; returns the destination's receipt. Raises TransportError."""

    async def close(self) -> None:
        """Let connections go."""
