"""Tells the seed of the machine, so that its run can be had again."""

from typing import Any

from tests.support.model.seed import SEED


def pytest_terminal_summary(terminalreporter: Any) -> None:
    terminalreporter.write_line(f"RONDA_SEED={SEED}")
