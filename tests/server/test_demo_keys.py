"""The demo's secrets: the same after a restart, hard to guess, and readable by their owner alone."""

import stat
from pathlib import Path

from server.demo import keys
from server.secrets import plain_code


def test_a_restart_finds_the_same_secrets(tmp_path: Path) -> None:
    first, second = keys.load_or_create(tmp_path), keys.load_or_create(tmp_path)
    assert first.password("admin") == second.password("admin")
    assert first.code("Budi", 0) == second.code("Budi", 0)
    assert first.link_token("101") == second.link_token("101")


def test_each_demo_has_its_own_secrets(tmp_path: Path) -> None:
    first, second = keys.load_or_create(tmp_path / "a"), keys.load_or_create(tmp_path / "b")
    assert first.password("admin") != second.password("admin")


def test_each_name_and_each_issue_has_its_own_secret(tmp_path: Path) -> None:
    made = keys.load_or_create(tmp_path)
    codes = {made.code(name, issue) for name in ("Budi", "Sri") for issue in range(20)}
    assert len(codes) == 40
    assert made.password("admin") != made.password("lurah")


def test_the_key_is_for_its_owner_alone(tmp_path: Path) -> None:
    keys.load_or_create(tmp_path / "secrets")
    assert stat.S_IMODE((tmp_path / "secrets").stat().st_mode) == 0o700
    assert stat.S_IMODE((tmp_path / "secrets" / keys.FILE).stat().st_mode) == 0o600


def test_codes_and_links_have_the_form_that_the_server_reads(tmp_path: Path) -> None:
    made = keys.load_or_create(tmp_path)
    assert len(plain_code(made.code("Budi", 0))) == 10
    assert len(made.link_token("101")) == 22
