"""The demo's areas: real where they are public, of the right totals where they are made."""

from collections import Counter

import pytest

from server.demo.tree import MadeArea, by_code, read_tree, shares


@pytest.fixture(scope="module")
def areas() -> list[MadeArea]:
    return read_tree()


def test_the_tree_has_the_public_totals(areas: list[MadeArea]) -> None:
    levels = Counter(area.level for area in areas)
    assert levels == {"kota": 1, "kecamatan": 8, "kelurahan": 56, "rw": 579, "rt": 6403}


def test_each_kecamatan_has_its_own_totals(areas: list[MadeArea]) -> None:
    rt = Counter(area.code[:8] for area in areas if area.level == "rt")
    rw = Counter(area.code[:8] for area in areas if area.level == "rw")
    assert (rw["31.73.04"], rt["31.73.04"]) == (96, 1083)
    assert (rw["31.73.02"], rt["31.73.02"]) == (73, 862)


def test_parents_come_before_their_children_and_ids_are_unique(areas: list[MadeArea]) -> None:
    seen = set()
    for area in areas:
        assert area.parent_id in seen or area.level == "kota"
        seen.add(area.area_id)
    assert len(seen) == len(areas)


def test_the_feed_of_an_rt_is_its_kelurahan(areas: list[MadeArea]) -> None:
    codes = by_code(areas)
    assert codes["31.73.01.1001/001/001"].feed_id == codes["31.73.01.1001"].area_id
    assert codes["31.73.01"].feed_id is None


def test_the_same_files_give_the_same_tree(areas: list[MadeArea]) -> None:
    assert read_tree() == areas


def test_shares_give_each_its_least_and_lose_nothing() -> None:
    names = [str(number) for number in range(7)]
    counts = shares(100, names, 5)
    assert sum(counts) == 100
    assert min(counts) >= 5
    assert len(set(counts)) > 1
    with pytest.raises(ValueError, match="cannot give"):
        shares(34, names, 5)
