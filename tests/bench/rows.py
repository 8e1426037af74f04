"""What is measured: rows with a goal or without one, and the table of them. Pure."""

from collections.abc import Callable, Sequence
from math import ceil
from statistics import median

from msgspec import Struct


class Row(Struct, frozen=True):
    """One figure. `goal` is empty where there is none, and `holds` is then None."""

    name: str
    value: float
    unit: str
    goal: str = ""
    holds: bool | None = None


def told(name: str, value: float, unit: str) -> Row:
    """A figure that is only told."""
    return Row(name, value, unit)


def at_least(name: str, value: float, unit: str, goal: float) -> Row:
    return Row(name, value, unit, f">= {goal:g}", value >= goal)


def at_most(name: str, value: float, unit: str, goal: float) -> Row:
    return Row(name, value, unit, f"<= {goal:g}", value <= goal)


def exactly(name: str, value: float, unit: str, goal: float) -> Row:
    return Row(name, value, unit, f"= {goal:g}", value == goal)


def judged(
    judge: Callable[[str, float, str, float], Row], name: str, value: float, unit: str, goal: float | None
) -> Row:
    """A row with its goal, or one that is only told where there is none."""
    return told(name, value, unit) if goal is None else judge(name, value, unit, goal)


def percentile(values: Sequence[float], percent: float) -> float:
    """The least of the values that `percent` of them do not exceed (nearest rank); 0 of none."""
    if not values:
        return 0.0
    ordered = sorted(values)
    return ordered[max(ceil(len(ordered) * percent / 100), 1) - 1]


def paired_ratio(ours: Sequence[float], theirs: Sequence[float]) -> float:
    """The median of the ratios of what was measured in turns, so that a slow minute weighs on both."""
    return median(own / other for own, other in zip(ours, theirs, strict=True))


def table(rows: Sequence[Row]) -> str:
    """The rows as text in columns."""
    lines = [("name", "value", "unit", "goal", "holds"), *map(_cells, rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        f"{name:<{widths[0]}}  {value:>{widths[1]}}  {unit:<{widths[2]}}  {goal:<{widths[3]}}  {holds}".rstrip()
        for name, value, unit, goal, holds in lines
    )


def _cells(row: Row) -> tuple[str, str, str, str, str]:
    holds = "" if row.holds is None else "yes" if row.holds else "NO"
    return row.name, shown(row.value), row.unit, row.goal, holds


def shown(value: float) -> str:
    """A figure with as many digits as are worth reading."""
    if value == int(value):
        return f"{int(value):,}"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"
