"""`ronda seal` and `ronda batches`, as an operator types them."""

import asyncio
from datetime import datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import Connection

from server import clock
from server.cli import main
from server.settings import Settings
from server.store import batches
from server.store.engine import open_database
from server.store.schema import migrate
from sync.protocol.console import BatchView
from tests.support import city
from tests.support.city import RTS, nil, send

NOW = int(datetime.fromisoformat("2026-11-23T12:00+07:00").timestamp() * 1000)


@pytest.fixture
def var(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder whose database has a city with a nil of now, which is noon."""
    monkeypatch.setattr(clock, "now", lambda: NOW)

    async def make() -> None:
        db = open_database(Settings(var=tmp_path).url)
        await db.write(migrate, "epoch")
        await db.write(city.build)
        await send(db, NOW, nil(RTS[0], NOW))
        await db.close()

    asyncio.run(make())
    return tmp_path


def ronda(var: Path, *words: str) -> Result:
    return CliRunner().invoke(main, words, env={"RONDA_VAR": str(var)})


async def newest(var: Path) -> list[BatchView]:
    db = open_database(Settings(var=var).url)
    try:
        return await db.read(batches.newest, 9)
    finally:
        await db.close()


def test_B4_the_open_window_can_be_sealed_early_and_only_once(var: Path) -> None:
    assert "can be sealed with --now" in ronda(var, "seal").output
    assert ronda(var, "seal", "--now").output.startswith("2026-11-23/siang  main  1 entries  ")
    assert ronda(var, "seal", "--now").output == "Nothing is due.\n"


def test_B10_a_batch_sealed_by_hand_goes_to_the_destinations_of_the_settings_or_else_of_the_worker(var: Path) -> None:
    env = {"RONDA_VAR": str(var), "RONDA_DESTINATIONS": "imigrasi=https://imigrasi.example"}
    assert CliRunner().invoke(main, ["seal"], env=env).exit_code == 0
    ronda(var, "seal", "--now")
    [batch] = asyncio.run(newest(var))
    assert [delivery.destination for delivery in batch.deliveries] == ["imigrasi"]


@pytest.mark.parametrize("moment", ["2026-11-23T12:00+07:00", "2026-11-30T12:01+07:00", "2036-11-23T15:15+07:00"])
def test_W5_windows_are_not_sealed_by_a_slip_of_the_pen(var: Path, moment: str) -> None:
    result = ronda(var, "seal", "--as-of", moment)
    assert result.exit_code == 2
    assert "within the week to come" in result.output


def test_B3_B7_a_chain_that_was_broken_by_force_is_found(var: Path) -> None:
    assert ronda(var, "seal", "--as-of", "2026-11-24T10:15+07:00").output.count("main") == 3
    assert ronda(var, "batches", "verify").output == "3 batches, 0 broken\n"

    def break_open(conn: Connection) -> None:
        conn.exec_driver_sql("drop trigger batches_update")
        forged = """cast(replace(header, '"part":0', '"part":1') as blob)"""
        conn.exec_driver_sql(f"update batches set header = {forged} where seq = 2")

    async def change() -> None:
        db = open_database(Settings(var=var).url)
        await db.write(break_open)
        await db.close()

    asyncio.run(change())
    result = ronda(var, "batches", "verify")
    assert result.exit_code == 1
    assert "batch 2 is broken: hash" in result.output
    assert "3 batches, 1 broken" in result.output
