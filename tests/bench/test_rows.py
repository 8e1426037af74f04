"""The arithmetic of the bench. Nothing here is timed."""

from tests.bench.rows import Row, at_least, at_most, exactly, paired_ratio, percentile, table, told


def test_a_percentile_is_one_of_the_values() -> None:
    values = [float(value) for value in range(200, 0, -1)]
    assert percentile(values, 99) == 198
    assert percentile(values, 50) == 100
    assert percentile(values, 100) == 200
    assert percentile([7.0], 1) == 7
    assert percentile([], 99) == 0


def test_a_row_says_whether_its_goal_holds() -> None:
    assert at_least("exchange.ratio", 0.71, "", 0.7) == Row("exchange.ratio", 0.71, "", ">= 0.7", True)
    assert at_most("pull.cpu", 5.1, "ms", 5).holds is False
    assert exactly("herd.lost", 0, "", 0).holds is True
    assert told("exchange.rate", 2000, "requests/s").holds is None


def test_a_ratio_is_taken_in_pairs_so_that_a_slow_minute_weighs_on_both() -> None:
    assert paired_ratio([80, 8, 70], [100, 10, 100]) == 0.8


def test_the_table_has_a_line_for_each_row_and_shouts_what_does_not_hold() -> None:
    lines = table([told("exchange.rate", 12345.6, "requests/s"), at_most("herd.p99", 1.25, "s", 1)]).splitlines()
    assert lines[0].split() == ["name", "value", "unit", "goal", "holds"]
    assert lines[1].split() == ["exchange.rate", "12,346", "requests/s"]
    assert lines[2].split() == ["herd.p99", "1.25", "s", "<=", "1", "NO"]
