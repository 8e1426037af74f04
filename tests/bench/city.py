"""The city that is measured: all RTs of Jakarta Barat as the demo makes them, each with one officer and one phone.

Secrets are derived from numbers: this is nobody's city.
"""

from base64 import urlsafe_b64encode
from functools import cache
from hashlib import sha256
from typing import Final
from uuid import UUID, uuid5

import msgspec
from msgspec import Struct
from sqlalchemy import Connection, insert

from server.demo.tree import NAMESPACE, MadeArea, read_tree
from server.secrets import hashed
from server.store.areas import add_areas
from server.store.schema import migrate
from server.tables.people import Assignment, Device, Officer

EPOCH: Final = "bench"


class Phone(Struct, frozen=True):
    """An RT head's phone. `secret` is what it sends, `area_id` its RT."""

    device_id: UUID
    secret: str
    area_id: UUID
    feed_id: UUID


@cache
def phones() -> tuple[Phone, ...]:
    """One phone for each RT of the city, kelurahan by turns, so that any first ones spread over all feeds."""
    by_feed: dict[UUID, list[MadeArea]] = {}
    for area in read_tree():
        if area.level == "rt" and area.feed_id:
            by_feed.setdefault(area.feed_id, []).append(area)
    turns = sorted((turn, feed, area.area_id) for feed, areas in by_feed.items() for turn, area in enumerate(areas))
    return tuple(Phone(_id(f"device/{rt}"), _secret(rt), rt, feed) for _, feed, rt in turns)


def _id(name: str) -> UUID:
    return uuid5(NAMESPACE, f"bench/{name}")


def _secret(rt: UUID) -> str:
    return urlsafe_b64encode(sha256(b"bench" + rt.bytes).digest()).decode().rstrip("=")


def officer_id(phone: Phone) -> UUID:
    return _id(f"officer/{phone.area_id}")


def build(conn: Connection) -> None:
    """An empty database becomes the city, with all phones enrolled."""
    migrate(conn, EPOCH)
    add_areas(conn, [msgspec.structs.asdict(area) | {"valid_from": 0, "valid_to": None} for area in read_tree()])
    all_phones = phones()
    conn.execute(
        insert(Officer),
        [
            {"officer_id": officer_id(phone), "name": f"Petugas {number}", "role": "rt_head"}
            for number, phone in enumerate(all_phones)
        ],
    )
    conn.execute(
        insert(Assignment),
        [
            {
                "assignment_id": _id(f"assignment/{phone.area_id}"),
                "officer_id": officer_id(phone),
                "area_id": phone.area_id,
                "valid_from": 0,
            }
            for phone in all_phones
        ],
    )
    conn.execute(
        insert(Device),
        [
            {
                "device_id": phone.device_id,
                "officer_id": officer_id(phone),
                "name": "HP",
                "secret_hash": hashed(phone.secret),
                "enrolled_at": 0,
                "seen_at": 0,
            }
            for phone in all_phones
        ],
    )
