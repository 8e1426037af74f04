"""Merging of one report with one mutation, group by group and by values (SPEC M6-M9).

Three values meet in each group: the base that the phone knew, the phone's, and the server's. Nothing here knows of
clocks or of who was first: only values decide, so a chain of offline edits needs no special case.
"""

from typing import Any

from msgspec import UNSET, Struct, structs

from sync.protocol.records import GROUPS, Groups, Report

_EMPTY = Report()


class Merged(Struct, frozen=True):
    """The report after the merge; the groups that took the phone's value; the groups that are in conflict.

    `others` tells that the server had groups changed since the phone's base.
    """

    report: Report
    changed: tuple[str, ...]
    conflicting: tuple[str, ...]
    others: bool


def merge(base: Groups, phone: Groups, server: Report) -> Merged:
    """The report that comes of a phone's groups. A group without a base counts as empty before (SPEC M10)."""
    values: dict[str, Any] = {}
    conflicting: list[str] = []
    others = False
    for group, value in present(phone).items():
        before = base_of(base, group)
        held = getattr(server, group)
        others |= before != held
        if group == "photos":
            values[group] = union(held, value)
        elif held in (before, value):
            values[group] = value
        elif value != before:
            conflicting.append(group)
    changed = tuple(group for group in values if values[group] != getattr(server, group))
    return Merged(structs.replace(server, **values), changed, tuple(conflicting), others)


def present(groups: Groups) -> dict[str, Any]:
    """The groups that are spoken of, by name, in the order of `GROUPS`."""
    return {group: value for group in GROUPS if (value := getattr(groups, group)) is not UNSET}


def base_of(base: Groups, group: str) -> Any:
    """The value that a phone knew of a group; the empty one where it says nothing."""
    value = getattr(base, group)
    return getattr(_EMPTY, group) if value is UNSET else value


def union(held: tuple[str, ...], more: tuple[str, ...]) -> tuple[str, ...]:
    """A set that only grows (SPEC M7), in order, so that equal sets are equal values."""
    return tuple(sorted({*held, *more}))


def only(groups: Groups, names: tuple[str, ...]) -> Groups:
    """Some of the groups."""
    return Groups(**{name: value for name, value in present(groups).items() if name in names})
