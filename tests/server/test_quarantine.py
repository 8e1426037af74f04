"""What was kept instead of applied, on both databases: it can be asked for, released, discarded (SPEC M21)."""

from uuid import UUID

import pytest
from sqlalchemy import Connection, insert

from server.secrets import hashed
from server.store import quarantine
from server.store.engine import Database
from server.store.people import add_officer
from server.tables.people import Device
from sync.errors import Code
from sync.protocol.exchange import OutcomeKind
from tests.support.city import OFFICER, RTS, build, exchange, job, nil

pytestmark = pytest.mark.anyio

NOW = 1_795_000_000_000
PHONE, ANOTHER, STRANGER = UUID(int=2), UUID(int=3), UUID(int=5)


@pytest.fixture
async def city(database: Database) -> Database:
    await database.write(build)
    return database


def add_phone(conn: Connection, device_id: UUID, officer_id: UUID) -> None:
    row = {"device_id": device_id, "officer_id": officer_id, "name": "HP", "secret_hash": hashed(str(device_id))}
    conn.execute(insert(Device).values(**row, enrolled_at=0, seen_at=0))


async def test_M21_a_phone_is_told_what_became_of_its_officers_mutations_and_of_no_others(city: Database) -> None:
    await city.write(add_phone, ANOTHER, OFFICER)
    await city.write(add_officer, UUID(int=9), "Bu Lain", "rt_head")
    await city.write(add_phone, STRANGER, UUID(int=9))
    taken, foreign = nil(RTS[0], NOW), nil(UUID(int=404), NOW)
    await exchange(city, job(NOW, taken, foreign))
    asked = [taken.mutation_id, foreign.mutation_id, UUID(int=77)]
    for device_id in (PHONE, ANOTHER):
        told = await city.read(quarantine.told, device_id, asked)
        assert {id_: (it.outcome, it.code) for id_, it in told.items()} == {
            taken.mutation_id: (OutcomeKind.applied, None),
            foreign.mutation_id: (OutcomeKind.quarantined, Code.area_out_of_scope),
        }
    assert await city.read(quarantine.told, STRANGER, asked) == {}
    assert await city.read(quarantine.told, PHONE, []) == {}
