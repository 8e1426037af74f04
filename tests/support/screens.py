"""What a person or a program notices on a screen: violations of accessibility, errors in the console."""

from typing import Any, Final

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from tests.support.waiting import wait_for

CHROMIUM_ARGS: Final = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PHONE: Final[Any] = {"width": 360, "height": 640}
DESK: Final[Any] = {"width": 1280, "height": 800}

_axe = Axe()


def violations(page: Page) -> list[str]:
    """Each rule of axe that the page breaks, with the first element that breaks it."""
    found = _axe.run(page).response["violations"]
    return [f"{rule['id']}: {rule['nodes'][0]['html']}" for rule in found]


def await_worker(page: Page) -> None:
    """Until the app's service worker answers for this page, so that it opens without a signal from now on."""
    wait_for(lambda: page.evaluate("navigator.serviceWorker.controller?.state === 'activated'"))


def errors_of(page: Page) -> list[str]:
    """A list that fills with the page's console errors and uncaught exceptions, from now on."""
    errors: list[str] = []
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: errors.append(str(error)))
    return errors
