"""`ronda areas`, `officers`, `users` and `devices`, as an operator types them on the way to a city."""

import asyncio
from pathlib import Path
from uuid import UUID

import pytest
from click.testing import CliRunner, Result

from server import clock
from server.cli import main
from server.secrets import hashed, plain_code
from server.settings import Settings
from server.store.devices import enrol
from server.store.engine import open_database
from tests.server.test_register import CITY, HEADS, NOW, PLAN


@pytest.fixture
def var(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty database, at noon of the 23rd of November, beside the files of a city."""
    monkeypatch.setattr(clock, "now", lambda: NOW)
    for name, text in (("areas", CITY), ("officers", HEADS), ("plan", PLAN)):
        (tmp_path / f"{name}.csv").write_text(text)
    assert ronda(tmp_path, "migrate").exit_code == 0
    return tmp_path


def ronda(var: Path, *words: str) -> Result:
    return CliRunner().invoke(main, [word.replace("VAR", str(var)) for word in words], env={"RONDA_VAR": str(var)})


def said(var: Path, *words: str) -> str:
    result = ronda(var, *words)
    assert result.exit_code == 0, result.output
    return result.output


def complaint(var: Path, *words: str) -> str:
    result = ronda(var, *words)
    assert result.exit_code != 0
    return result.output


def test_an_empty_database_becomes_a_city_that_can_enrol(var: Path) -> None:
    assert "there are no areas: ronda areas import" in complaint(var, "users", "add", "admin", "Ayu", "--role", "admin")
    assert said(var, "areas", "import", "VAR/areas.csv", "--dry-run").startswith("8 new\n")
    assert "8 new" in said(var, "areas", "import", "VAR/areas.csv")
    assert said(var, "areas", "import", "VAR/areas.csv").startswith("0 new\n")
    assert said(var, "officers", "import", "VAR/officers.csv", "--dry-run").startswith("2 new officers\nNothing")
    assert said(var, "officers", "import", "VAR/officers.csv") == "2 new officers\nDone.\n"
    assert said(var, "officers", "import", "VAR/officers.csv") == "0 new officers\nDone.\n"
    assert len(said(var, "users", "add", "admin", "Ayu Contoh", "--role", "admin").strip()) == 19
    assert "there is a user admin already" in complaint(var, "users", "add", "admin", "Ayu", "--role", "admin")
    said(var, "users", "move", "admin", "31.73.01.1004")
    assert said(var, "users", "list") == "admin  Ayu Contoh  admin  Kapuk\n"
    assert "#kode=" in said(var, "enrol", "Budi", "--no-qr")


def test_a_bad_file_is_refused_with_the_lines_that_are_wrong(var: Path) -> None:
    (var / "bad.csv").write_text(CITY.replace("kelurahan,Kapuk", "village,Kapuk"))
    output = complaint(var, "areas", "import", "VAR/bad.csv")
    assert "nothing of bad.csv was applied" in output
    assert "line 4: level must be one of" in output
    assert said(var, "areas", "import", "VAR/areas.csv").startswith("8 new")


def test_A2_a_split_is_shown_and_applied_once(var: Path) -> None:
    said(var, "areas", "import", "VAR/areas.csv")
    said(var, "officers", "import", "VAR/officers.csv")
    said(var, "users", "add", "lurah", "Lukman Contoh", "--role", "lurah", "--area", "31.73.01.1004")
    words = ("areas", "split", "VAR/plan.csv", "--on", "2026-12-01")
    for last in (["--dry-run"], []):
        output = said(var, *words, *last)
        assert "Wati Contoh: 31.73.01.1004/002 -> 31.73.01.1008/001" in output
        assert "  lurah\n" in output
    assert said(var, *words) == "This plan was applied before.\n"
    assert "must not have passed" in complaint(var, "areas", "split", "VAR/plan.csv", "--on", "2026-11-22")


def test_A1_an_area_is_given_from_a_day_until_another(var: Path) -> None:
    said(var, "areas", "import", "VAR/areas.csv")
    said(var, "officers", "import", "VAR/officers.csv")
    rt = "31.73.01.1004/001/001"
    words = ("officers", "assign", "Wati", rt, "--from", "2026-12-01", "--until", "2027-01-01", "--instead-of", "Budi")
    assert [said(var, *words) for _ in range(2)] == ["Done.\n", "It was so already.\n"]
    budi, wati = said(var, "officers", "list").splitlines()
    assert f"{rt} until 2026-12-01  phones: 0" in budi
    assert f"{rt} from 2026-12-01 until 2027-01-01" in wati
    assert said(var, "officers", "list", "--area", "31.73.01.1004/002").count("Wati") == 1
    assert "must name one officer" in complaint(var, "officers", "assign", "Nobody", rt, "--from", "2026-12-01")
    backwards = ("officers", "assign", "Wati", rt, "--from", "2026-12-02", "--until", "2026-12-01")
    assert "must lie after --from" in complaint(var, *backwards)


def test_D1_phones_are_listed_and_revoked(var: Path) -> None:
    said(var, "areas", "import", "VAR/areas.csv")
    said(var, "officers", "import", "VAR/officers.csv")
    assert said(var, "devices", "list") == ""
    assert "0 begin so" in complaint(var, "devices", "revoke", "0")
    asyncio.run(enrolled(var, said(var, "enrol", "Budi", "--no-qr").partition("kode=")[2].strip()))
    assert "trusted  Budi Contoh  Kapuk 001/001  seen 2026-11-23T12:00" in said(var, "devices", "list")
    assert said(var, "devices", "revoke", "00000000") == "Budi Contoh: revoked\n"
    assert "revoked  Budi Contoh" in said(var, "devices", "list", "--area", "31.73.01.1004")


async def enrolled(var: Path, code: str) -> None:
    db = open_database(Settings(var=var).url)
    phone = {"device_id": UUID(int=5), "name": "HP", "secret_hash": b"secret"}
    await db.write(enrol, hashed(plain_code(code)), phone, NOW)
    await db.close()
