"""The three apps in a real Chromium, served by a real server with the demo's city."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, BrowserType, Page

from server.demo.keys import Keys, load_or_create
from tests.browsers import chromium
from tests.support.ronda import ROOT, Ronda
from tests.support.screens import CHROMIUM_ARGS, PHONE


class City(Ronda):
    """The demo's city, with its secrets."""

    @property
    def keys(self) -> Keys:
        return load_or_create(self.folder / "var" / "secrets")

    def link(self, number: str) -> str:
        """The secret link of an application."""
        return f"{self.origin}/paspor/#t={self.keys.link_token(number)}"


@pytest.fixture(scope="session")
def city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[City]:
    assert (ROOT / "pwa/dist").exists(), "build the apps first: `make build`"
    with City(tmp_path_factory.mktemp("city")) as city:
        city.run("seed")
        city.start_server()
        yield city


@pytest.fixture(scope="session")
def browser_type_launch_args() -> dict[str, Any]:
    return {"executable_path": chromium(), "args": CHROMIUM_ARGS}


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A phone's screen."""
    context = browser.new_context(viewport=PHONE, locale="id-ID")
    yield context.new_page()
    context.close()


@pytest.fixture
def installable(browser_type: BrowserType, tmp_path: Path) -> Iterator[BrowserContext]:
    """A browser with a profile of its own; in a private one nothing can be installed."""
    context = browser_type.launch_persistent_context(
        tmp_path / "profile", executable_path=chromium(), args=CHROMIUM_ARGS, viewport=PHONE
    )
    yield context
    context.close()
