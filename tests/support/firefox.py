"""Firefox by WebDriver BiDi, without a driver: only Firefox, a WebSocket and a profile that knows our push service."""

import json
import subprocess
import tempfile
from contextlib import ExitStack
from itertools import count
from pathlib import Path
from typing import Any, Self

from websockets.sync.client import connect

from tests.browsers import firefox
from tests.support.waiting import wait_for

PROFILE = {
    "dom.push.testing.allowInsecureServerURL": True,
    "dom.push.connection.enabled": True,
    "alerts.useSystemBackend": False,
    "browser.shell.checkDefaultBrowser": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "app.update.enabled": False,
    "intl.accept_languages": "id,en",
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
}

CLICK = """(() => {
    const box = document.getElementById("alertTextLabel").getBoundingClientRect();
    const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
    const left = {button: 0, clickCount: 1};
    for (const kind of ["mousedown", "mouseup"]) window.synthesizeMouseEvent(kind, x, y, left, {});
})()"""


class Firefox:
    """One headless Firefox with an empty profile, for the time of a `with` block."""

    def __init__(self, push_service: str) -> None:
        self._push_service = push_service
        self._ids = count(1)

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            profile = stack.enter_context(tempfile.TemporaryDirectory(prefix="ronda-", ignore_cleanup_errors=True))
            stack.callback(_stop, self._start(Path(profile)))
            server = wait_for(lambda: _read(Path(profile, "WebDriverBiDiServer.json")), 60)
            address = f"ws://{server['ws_host']}:{server['ws_port']}/session"
            self._socket = stack.enter_context(connect(address, max_size=None))
            self("session.new", capabilities={})
            self.page: str = self("browsingContext.getTree")["contexts"][0]["context"]
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def _start(self, profile: Path) -> "subprocess.Popen[bytes]":
        prefs = PROFILE | {"dom.push.serverURL": self._push_service}
        lines = (f"user_pref({json.dumps(name)}, {json.dumps(value)});\n" for name, value in prefs.items())
        (profile / "user.js").write_text("".join(lines))
        flags = ["--headless", "--no-remote", "--remote-debugging-port=0", "--remote-allow-system-access"]
        command = [firefox(), *flags, "--profile", str(profile)]
        return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def __call__(self, method: str, **params: Any) -> Any:
        """One BiDi command. Events that come before its answer are of no interest here."""
        command = next(self._ids)
        self._socket.send(json.dumps({"id": command, "method": method, "params": params}))
        while True:
            message = json.loads(self._socket.recv(60))
            if message.get("id") == command:
                assert message["type"] == "success", message
                return message["result"]

    def open(self, url: str) -> None:
        self("browsingContext.navigate", context=self.page, url=url, wait="complete")

    def allow_notifications(self, origin: str) -> None:
        self("permissions.setPermission", descriptor={"name": "notifications"}, state="granted", origin=origin)

    def run(self, expression: str, context: str = "") -> Any:
        """The value of an expression in a page, awaited, as JSON has it."""
        source = f"(async () => JSON.stringify(await ({expression})))()"
        target = {"context": context or self.page}
        answer = self("script.evaluate", expression=source, target=target, awaitPromise=True, userActivation=False)
        assert answer["type"] == "success", answer
        return json.loads(answer["result"].get("value", "null"))

    def leave(self) -> None:
        """Close the page, as a person who goes on to something else."""
        page = self("browsingContext.create", type="tab")["context"]
        self("browsingContext.close", context=self.page)
        self.page = page

    def go_to(self, url: str) -> bool:
        """Turn to the page that has opened at an address; False while there is none."""
        pages = [it["context"] for it in self("browsingContext.getTree")["contexts"] if it["url"] == url]
        self.page = pages[0] if pages else self.page
        return bool(pages)

    def has(self, role: str, name: str) -> bool:
        """Whether assistive technology finds `name` in the page."""
        return bool(self._named(role, name))

    def click(self, role: str, name: str) -> None:
        """A real click on what assistive technology calls `name`."""
        [node, *_] = wait_for(lambda: self._named(role, name))
        pointer = [
            {"type": "pointerMove", "x": 0, "y": 0, "origin": {"type": "element", "element": node}},
            {"type": "pointerDown", "button": 0},
            {"type": "pointerUp", "button": 0},
        ]
        hand = {"type": "pointer", "id": "hand", "actions": pointer}
        self("input.performActions", context=self.page, actions=[hand])

    def _named(self, role: str, name: str) -> list[dict[str, str]]:
        locator = {"type": "accessibility", "value": {"role": role, "name": name}}
        nodes = self("browsingContext.locateNodes", context=self.page, locator=locator)["nodes"]
        return [{"sharedId": node["sharedId"]} for node in nodes]

    def alerts(self) -> list[str]:
        """The windows in which notifications are on the screen, as contexts for `run`."""
        windows = self("browsingContext.getTree", **{"moz:scope": "chrome"})["contexts"]
        return [window["context"] for window in windows if window["url"].endswith("/alert.xhtml")]

    def read_alert(self, alert: str) -> list[str]:
        """Title and body, as the person sees them."""
        words = "['alertTitleLabel', 'alertTextLabel'].map(id => document.getElementById(id))"
        texts: list[str] = self.run(f"{words}.map(label => label?.value || label?.textContent)", alert)
        return texts

    def click_alert(self, alert: str) -> None:
        """A click of the mouse on a notification; Firefox trusts it as one of a person."""
        self.run(CLICK, alert)


def _stop(process: "subprocess.Popen[bytes]") -> None:
    process.terminate()
    process.wait(30)


def _read(file: Path) -> Any:
    """The JSON in a file that another process writes; None while it is not there or not yet whole."""
    try:
        return json.loads(file.read_text())
    except (FileNotFoundError, json.JSONDecodeError):
        return None
