"""What officers do: begin, edit and remove reports, say nihil, and now and then something that cannot be taken.

Each value that a hand writes is made of letters that occur nowhere else, so that the oracle can look for it.
"""

from collections.abc import Mapping, Sequence
from random import Random
from typing import Any, Final, NamedTuple
from uuid import UUID

HOUR: Final = 3_600_000
# How far back captures lie, so that many windows are at work at once.
LONGEST_AGO: Final = 48 * HOUR
GROUPS: Final = ("identity", "document", "permit", "stay", "note", "photos")
NOWHERE: Final = "00000000-0000-4000-8000-000000000000"

Report = Mapping[str, Any]


class Deed(NamedTuple):
    """A mutation as plain JSON, and the values in it that must never be lost."""

    mutation: dict[str, Any]
    values: tuple[str, ...] = ()


class Hand:
    def __init__(self, random: Random, area_ids: Sequence[str]) -> None:
        self._random, self._areas = random, area_ids

    def act(self, now: int, known: Mapping[str, tuple[str, Report]]) -> Deed:
        """One deed at the phone's `now`. `known` are the reports that the phone shows: area and values by id."""
        kind = self._random.choices(("begin", "edit", "nil", "remove", "nonsense", "abroad"), (35, 40, 19, 3, 1, 2))[0]
        if kind in ("edit", "remove") and not known:
            kind = "begin"
        if kind in ("edit", "remove"):
            record_id = self._random.choice(list(known)[-40:])
            area, report = known[record_id]
            common = self._common(now, record_id, area)
            return self._edit(common, report) if kind == "edit" else Deed(common | {"kind": "remove", "base": report})
        return getattr(self, f"_{kind}")(self._common(now))  # type: ignore[no-any-return]

    def _common(self, now: int, record_id: str = "", area: str = "") -> dict[str, Any]:
        ago = self._random.choice((0, self._random.randrange(LONGEST_AGO)))
        new = self._new_id()
        return {
            "mutation_id": new,
            "record_id": record_id or new,
            "area_id": area or self._random.choice(self._areas),
            "captured_at": max(0, now - ago),
        }

    def _new_id(self) -> str:
        return str(UUID(int=self._random.getrandbits(128), version=4))

    def _word(self) -> str:
        return f"{self._random.getrandbits(64):016x}"

    def _begin(self, common: dict[str, Any]) -> Deed:
        return self._change(common, ("identity", self._random.choice(GROUPS[1:5])), {})

    def _edit(self, common: dict[str, Any], report: Report) -> Deed:
        return self._change(common, self._random.sample(GROUPS, self._random.randint(1, 2)), report)

    def _change(self, common: dict[str, Any], groups: Sequence[str], report: Report) -> Deed:
        words = {group: self._word() for group in groups}
        changes = {group: self._value(group, word, report) for group, word in words.items()}
        base = {group: report[group] for group in groups if group in report}
        return Deed(common | {"kind": "report", "changes": changes, "base": base}, tuple(words.values()))

    def _value(self, group: str, word: str, report: Report) -> Any:
        made: dict[str, Any] = {
            "identity": {"full_name": f"Contoh {word}", "nationality": "PHL"},
            "document": {"kind": "passport", "number": word, "issuing_state": "PHL"},
            "permit": {"kind": "ITAS", "number": word},
            "stay": {"address": f"Jl. Kenanga {word}", "lodging": "boarding_house"},
            "note": f"Kamar {word}\nأ",
            "photos": [*report.get("photos", ()), word * 4],
        }
        return made[group]

    def _nil(self, common: dict[str, Any]) -> Deed:
        return Deed(common | {"kind": "nil"})

    def _nonsense(self, common: dict[str, Any]) -> Deed:
        return Deed(common | {"kind": "report", "changes": {"identity": {"full_name": 17}}})

    def _abroad(self, common: dict[str, Any]) -> Deed:
        return Deed(common | {"kind": "nil", "area_id": NOWHERE})
