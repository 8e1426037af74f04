"""What a newcomer reads when the demo has started: where to go, as whom, and what to try. It only makes text."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from server.demo.cast import APPLICATIONS, OFFICERS, USERS
from server.demo.seed import Seeded
from server.settings import Settings

WIDTH: Final = 12


def guide(settings: Settings, seeded: Seeded) -> str:
    """The whole page, ready to be printed."""
    return "\n".join(["", *_page(settings, seeded), ""])


def _page(settings: Settings, seeded: Seeded) -> Iterator[str]:
    origin = settings.origin
    yield f"  Ronda is running at {origin}"
    yield "  Stop it with Ctrl+C; what you did is kept. Each person in it is invented."
    yield from _officers(f"{origin}/petugas/", seeded)
    yield from _office(f"{origin}/kantor/", seeded)
    yield from _applicants(f"{origin}/paspor/", seeded)
    yield from _to_try(settings)


def _officers(address: str, seeded: Seeded) -> Iterator[str]:
    yield from _title("Officers", "each link enrols one browser, once; then try it without a network")
    for officer in OFFICERS:
        yield f"    {officer.name:{WIDTH}}  {officer.place}"
        yield f"    {'':{WIDTH}}  {address}#kode={seeded.codes[officer.name]}"


def _office(address: str, seeded: Seeded) -> Iterator[str]:
    yield from _title("Office", address)
    for user in USERS:
        yield f"    {user.username:{WIDTH}}  {seeded.passwords[user.username]}    {user.place}"


def _applicants(address: str, seeded: Seeded) -> Iterator[str]:
    yield from _title("Passport applicants", "a secret link each")
    for application in APPLICATIONS:
        yield f"    {application.name:{WIDTH}}  {application.number}, when it was made: {application.state}"
        yield f"    {'':{WIDTH}}  {address}#t={seeded.links[application.number]}"


def _to_try(settings: Settings) -> Iterator[str]:
    ronda = ".venv/bin/ronda" if settings.var == Path("var") else f"RONDA_VAR={settings.var} .venv/bin/ronda"
    yield from _title("In a second terminal", "")
    for command, what in (
        (f"{ronda} seal --now", "seal the open window, and deliver its batch"),
        (f"ls {settings.var}/mail", "the mails that it became"),
        (f"{ronda} application event {APPLICATIONS[2].number} finish", "a passport becomes ready"),
        (f"{ronda} --help", "everything else"),
    ):
        yield f"    {command:58}  {what}"
    yield ""
    yield f"  This page is kept in {settings.var / 'demo.txt'}. To begin anew, remove {settings.var}/."


def _title(title: str, note: str) -> Iterator[str]:
    yield ""
    yield f"  {title}    {note}".rstrip()
