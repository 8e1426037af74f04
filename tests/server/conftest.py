"""A server in a process of its own, with the demo's city, on each database; and a phone of its first officer."""

from collections.abc import Iterator

import pytest

from tests.support.caller import Phone
from tests.support.ronda import Ronda


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def ronda(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ronda]:
    settings = {} if request.param == "sqlite" else {"RONDA_DATABASE_URL": request.getfixturevalue("fresh_postgresql")}
    with Ronda(tmp_path_factory.mktemp("http"), **settings) as ronda:
        ronda.run("seed")
        ronda.start_server()
        yield ronda


@pytest.fixture(scope="module")
def phone(ronda: Ronda) -> Phone:
    return Phone(ronda, "Budi Contoh")
