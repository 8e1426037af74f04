"""Finds the two browsers that the tests drive, and installs one that is missing: by apt, else by playwright.

`python -m tests.browsers` does both, and adds Caddy where apt may; a test only asks, and never installs anything.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from itertools import chain
from pathlib import Path
from typing import Final

NAMES: Final = {
    "chromium": (
        "chromium",
        "google-chrome",
        "google-chrome-stable",
        "chromium-browser",
        "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
        "/Applications/Chromium.app/Contents/MacOS/Chromium",
    ),
    "firefox": ("firefox-esr", "firefox", "/Applications/Firefox.app/Contents/MacOS/firefox"),
}
PACKAGES: Final = {"chromium": ("chromium",), "firefox": ("firefox-esr", "firefox")}


def chromium() -> str:
    """The path of a Chromium or Chrome."""
    return _required("chromium")


def firefox() -> str:
    """The path of a Firefox, ESR where there is one."""
    return _required("firefox")


@cache
def _required(browser: str) -> str:
    path = find(browser)
    if path is None:
        raise FileNotFoundError(f"no {browser} on this machine: run `make test`, or install it and try again")
    return path


def find(browser: str) -> str | None:
    """The first of the browser's names that is a program which answers; a stub that only names a shop does not."""
    named = [path for name in NAMES[browser] if (path := shutil.which(name))]
    return next(filter(_answers, chain(named, _of_playwright(browser))), None)


def _of_playwright(browser: str) -> Iterator[str]:
    """Asked in a thread of its own: a test may have a playwright running in this one."""
    with ThreadPoolExecutor(1) as thread:
        path = thread.submit(_playwrights_path, browser).result()
    if Path(path).exists():
        yield path


def _playwrights_path(browser: str) -> str:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        path: str = getattr(playwright, browser).executable_path
    return path


def _answers(path: str) -> bool:
    try:
        return subprocess.run([path, "--version"], capture_output=True, timeout=60, check=False).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


def install(browser: str) -> None:
    """Tries apt where this user may, then playwright; says nothing of success: `find` does."""
    if apt := _apt():
        for package in PACKAGES[browser]:
            _install_by(apt, package)
            if find(browser):
                return
    _run([sys.executable, "-m", "playwright", "install", *(["--with-deps"] if apt else []), browser])


def _install_by(apt: list[str], package: str) -> None:
    _run([*apt, "update", "-q"])
    _run([*apt, "install", "-qy", "--no-install-recommends", package])


def _apt() -> list[str]:
    if not shutil.which("apt-get"):
        return []
    if os.geteuid() == 0:
        return ["apt-get"]
    sudo = ["sudo", "-n"]
    return [*sudo, "apt-get"] if shutil.which("sudo") and _run([*sudo, "true"]) else []


def _run(command: list[str]) -> bool:
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    return subprocess.run(command, check=False, env=environment, stdout=sys.stderr).returncode == 0


def main() -> int:
    """Makes sure of both; 1 when one could not be had, with what a person can do."""
    for browser in NAMES:
        if find(browser) is None:
            print(f"No {browser} was found; installing it ...", flush=True)
            install(browser)
        path = find(browser)
        if path is None:
            names = " or ".join(PACKAGES[browser])
            print(f"The tests need {browser}. Install {names} by hand, then run `make test` again.", file=sys.stderr)
            return 1
        print(f"{browser}: {path}")
    if shutil.which("caddy") is None and (apt := _apt()):
        # The proxy of deploy/; its tests are left out where it cannot be had.
        _install_by(apt, "caddy")
    return 0


if __name__ == "__main__":
    sys.exit(main())
