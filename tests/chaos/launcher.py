"""A fork server: it has imported all of Ronda, and forks a fresh process for each start, so that a start is cheap.

One JSON object a line: orders come on stdin, `{"id", "args", "env", "log", "point", "left"}`; on stdout it tells what
began, `{"id", "pid"}`, and what ended, `{"pid", "status", "mark"}`. When stdin ends, so do all of its children.
Loops and threads begin after the fork only; it must never open a database itself.
"""

import json
import os
import selectors
import signal
import sys
from typing import Any, NoReturn

from server.cli import main
from tests.chaos import points


class Launcher:
    def __init__(self) -> None:
        self._marks: dict[int, int] = {}

    def run(self) -> None:
        woken, wake = os.pipe()
        os.set_blocking(wake, False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
        with selectors.DefaultSelector() as selector:
            selector.register(0, selectors.EVENT_READ)
            selector.register(woken, selectors.EVENT_READ)
            rest = b""
            while True:
                ready = {key.fd for key, _ in selector.select()}
                if woken in ready:
                    os.read(woken, 4096)
                    self._reap()
                if 0 in ready:
                    read = os.read(0, 1 << 16)
                    if not read:
                        return self._end()
                    *orders, rest = (rest + read).split(b"\n")
                    for order in orders:
                        self._start(json.loads(order))

    def _start(self, order: dict[str, Any]) -> None:
        read, write = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.close(read)
            _become(order, write)
        os.close(write)
        self._marks[pid] = read
        _tell(id=order["id"], pid=pid)

    def _reap(self) -> None:
        while self._marks:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                return
            mark = self._marks.pop(pid)
            _tell(pid=pid, status=os.waitstatus_to_exitcode(status), mark=os.read(mark, 100).decode())
            os.close(mark)

    def _end(self) -> None:
        for pid in self._marks:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)


def _become(order: dict[str, Any], mark: int) -> NoReturn:
    """Be `ronda` with these arguments until the end."""
    status = 1
    try:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        log = os.open(order["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        nothing = os.open(os.devnull, os.O_RDONLY)
        for own, fd in ((nothing, 0), (log, 1), (log, 2)):
            os.dup2(own, fd)
        os.environ.clear()
        os.environ.update(order["env"])
        points.install(points.Arm(order["point"], order["left"], mark))
        main(args=order["args"], prog_name="ronda")
    except SystemExit as ending:
        status = ending.code if isinstance(ending.code, int) else 1
    finally:
        os._exit(status)


def _tell(**facts: object) -> None:
    sys.stdout.write(json.dumps(facts) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    Launcher().run()
