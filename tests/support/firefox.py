"""Firefox by WebDriver BiDi, without a driver: only Firefox, a WebSocket and a profile that knows our push service."""

import json
import subprocess
import tempfile
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
        self._profile = tempfile.TemporaryDirectory(prefix="ronda-firefox-", ignore_cleanup_errors=True)
        prefs = PROFILE | {"dom.push.serverURL": self._push_service}
        lines = (f"user_pref({json.dumps(name)}, {json.dumps(value)});\n" for name, value in prefs.items())
        Path(self._profile.name, "user.js").write_text("".join(lines))
        flags = ["--headless", "--no-remote", "--remote-debugging-port=0", "--remote-allow-system-access"]
        self._process = subprocess.Popen(
            [firefox(), *flags, "--profile", self._profile.name],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        port_file = Path(self._profile.name, "WebDriverBiDiServer.json")
        server = wait_for(lambda: _read(port_file), 60)
        self._socket = connect(f"ws://{server['ws_host']}:{server['ws_port']}/session", max_size=None)
        self("session.new", capabilities={})
        self.page: str = self("browsingContext.getTree")["contexts"][0]["context"]
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()
        self._process.terminate()
        self._process.wait(30)
        self._profile.cleanup()

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

    def click(self, role: str, name: str) -> None:
        """A real click on what assistive technology calls `name`."""
        locator = {"type": "accessibility", "value": {"role": role, "name": name}}
        nodes = wait_for(lambda: self("browsingContext.locateNodes", context=self.page, locator=locator)["nodes"], 20)
        origin = {"type": "element", "element": {"sharedId": nodes[0]["sharedId"]}}
        pointer = [
            {"type": "pointerMove", "x": 0, "y": 0, "origin": origin},
            {"type": "pointerDown", "button": 0},
            {"type": "pointerUp", "button": 0},
        ]
        hand = {"type": "pointer", "id": "hand", "actions": pointer}
        self("input.performActions", context=self.page, actions=[hand])

    def alerts(self) -> list[str]:
        """The windows in which notifications are on the screen, as contexts for `run`."""
        windows = self("browsingContext.getTree", **{"moz:scope": "chrome"})["contexts"]
        return [window["context"] for window in windows if window["url"].endswith("/alert.xhtml")]

    def read_alert(self, alert: str) -> list[str]:
        """Title and body, as the person sees them."""
        words = "['alertTitleLabel', 'alertTextLabel'].map(id => document.getElementById(id))"
        texts: list[str] = self.run(f"{words}.map(label => label.value || label.textContent)", alert)
        return texts

    def click_alert(self, alert: str) -> None:
        """A click of the mouse on a notification; Firefox trusts it as one of a person."""
        self.run(CLICK, alert)


def _read(file: Path) -> Any:
    """The JSON in a file that another process writes; None while it is not there or not yet whole."""
    try:
        return json.loads(file.read_text())
    except (FileNotFoundError, json.JSONDecodeError):
        return None
