"""The people of the demo. All are invented, and their second name says so: "contoh" is Indonesian for example."""

from typing import Final

from msgspec import Struct

from sync.protocol.console import ConsoleRole
from sync.protocol.exchange import OfficerRole
from sync.protocol.passports import Event, Service

KELURAHAN: Final = "31.73.01.1001"


class DemoOfficer(Struct, frozen=True):
    """An officer, and the code of the area that they report for."""

    name: str
    role: OfficerRole
    area: str
    place: str


class DemoUser(Struct, frozen=True):
    """A console user, and the code of the area that they see."""

    username: str
    name: str
    role: ConsoleRole
    area: str
    place: str


class DemoEvent(Struct, frozen=True):
    """What happened at the counter, some days before the demo was made."""

    days_ago: int
    event: Event
    reason: str = ""


class DemoApplication(Struct, frozen=True):
    """An applicant; the visit lies `visit_in` days after the making of the demo, and before it when negative."""

    number: str
    name: str
    service: Service
    visit_in: int
    events: tuple[DemoEvent, ...]
    state: str


OFFICERS: Final = (
    DemoOfficer("Budi Contoh", OfficerRole.rt_head, f"{KELURAHAN}/001/001", "RT 001/RW 001, Cengkareng Barat"),
    DemoOfficer("Sri Contoh", OfficerRole.rt_head, f"{KELURAHAN}/001/002", "RT 002/RW 001, Cengkareng Barat"),
    DemoOfficer("Wati Contoh", OfficerRole.rw_head, f"{KELURAHAN}/002", "RW 002 and its RTs, Cengkareng Barat"),
)

USERS: Final = (
    DemoUser("admin", "Ayu Contoh", ConsoleRole.admin, "31.73", "admin of the city"),
    DemoUser("imigrasi", "Indra Contoh", ConsoleRole.immigration, "31.73", "immigration officer, the counter"),
    DemoUser("lurah", "Lukman Contoh", ConsoleRole.lurah, KELURAHAN, "lurah of Cengkareng Barat"),
)

_ATTENDED_AND_PAID: Final = (DemoEvent(6, Event.attend), DemoEvent(6, Event.pay))
_PROCESSED: Final = (*_ATTENDED_AND_PAID, DemoEvent(5, Event.process))

APPLICATIONS: Final = (
    DemoApplication("0000000000000101", "Andi Contoh", Service.sunset, 2, (), "booked"),
    DemoApplication("0000000000000102", "Dewi Contoh", Service.regular, -1, (DemoEvent(1, Event.attend),), "attended"),
    DemoApplication("0000000000000103", "Eko Contoh", Service.integrated, -6, _PROCESSED, "processing"),
    DemoApplication(
        "0000000000000104", "Fitri Contoh", Service.regular, -6, (*_PROCESSED, DemoEvent(0, Event.finish)), "ready"
    ),
    DemoApplication(
        "0000000000000105",
        "Hadi Contoh",
        Service.regular,
        -6,
        (*_ATTENDED_AND_PAID, DemoEvent(4, Event.hold, "Mohon bawa kutipan akta kelahiran asli.")),
        "on hold",
    ),
)
