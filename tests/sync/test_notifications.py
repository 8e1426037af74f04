"""Rules N1-N4 as far as they need no server: words, payload, and what answers mean."""

import json
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.notifications import (
    ANNOUNCED,
    LONGEST_DELAY,
    PAUSE,
    TIME_TO_LIVE,
    URGENCY,
    WORDS,
    Fate,
    Kind,
    backoff,
    payload,
    react,
    topic,
)
from sync.protocol.passports import Locale, State

ID = UUID("01936f3e-0000-7000-8000-000000000001")
OTHER = UUID("01936f3e-0000-7000-8000-000000000002")
NOW = 1_800_000_000_000
END = NOW + TIME_TO_LIVE


def test_N1_ready_is_what_is_told() -> None:
    assert {State.ready: Kind.ready} == ANNOUNCED


@pytest.mark.parametrize("kind", Kind)
@pytest.mark.parametrize("locale", Locale)
def test_N3_the_payload_is_declarative_and_in_the_language_of_the_subscriber(kind: Kind, locale: Locale) -> None:
    message = json.loads(payload(kind, ID, locale, "https://ronda.example.org"))
    assert message["web_push"] == 8030
    shown = message["notification"]
    assert (shown["title"], shown["body"]) == WORDS[kind][locale]
    assert shown["lang"] == locale.value
    assert shown["navigate"] == "https://ronda.example.org/paspor/"
    assert kind in URGENCY


@given(st.uuids(), st.sampled_from(Kind), st.sampled_from(Locale))
def test_N3_the_payload_differs_between_applications_by_a_hash_only(one: UUID, kind: Kind, locale: Locale) -> None:
    first, second = payload(kind, one, locale, "https://a.example"), payload(kind, ID, locale, "https://a.example")
    assert first.replace(topic(kind, one).encode(), b"") == second.replace(topic(kind, ID).encode(), b"")
    assert one.hex not in first.decode()
    assert len(first) < 3993


def test_N2_topic_and_tag_make_of_several_one_that_is_seen() -> None:
    again = [json.loads(payload(Kind.ready, ID, locale, "https://a.example")) for locale in Locale]
    assert {message["notification"]["tag"] for message in again} == {topic(Kind.ready, ID)}
    assert topic(Kind.ready, ID) != topic(Kind.ready, OTHER)
    assert len(topic(Kind.ready, ID)) == 32
    assert int(topic(Kind.ready, ID), 16)


@pytest.mark.parametrize(
    ("status", "fate"),
    [
        *[(status, Fate.accepted) for status in (200, 201, 202)],
        *[(status, Fate.gone) for status in (404, 410)],
        *[(status, Fate.failed) for status in (400, 413)],
        *[(status, Fate.refused) for status in (401, 403)],
        *[(status, Fate.retry) for status in (None, 204, 301, 307, 408, 500, 502, 503, 504)],
        (429, Fate.held_back),
    ],
)
def test_N4_what_an_answer_means(status: int | None, fate: Fate) -> None:
    reaction = react(status, "", NOW, 1, END)
    assert reaction.fate is fate
    assert (reaction.at > NOW) is (fate in {Fate.retry, Fate.refused, Fate.held_back})


@pytest.mark.parametrize(
    ("retry_after", "at"),
    [
        ("120", NOW + 120_000),
        (" 120 ", NOW + 120_000),
        ("Fri, 15 Jan 2027 09:00:00 GMT", 1_800_003_600_000),
        ("Fri, 15 Jan 2027 09:00:00", 1_800_003_600_000),
    ],
)
def test_N4_a_429_waits_as_Retry_After_says(retry_after: str, at: int) -> None:
    assert react(429, retry_after, NOW, 1, END) == (Fate.held_back, at)
    assert react(429, retry_after, NOW, 9, END) == (Fate.held_back, at)


@pytest.mark.parametrize("retry_after", ["0", "1", "Fri, 15 Jan 2021 09:00:00 GMT"])
def test_N4_nobody_is_asked_again_at_once(retry_after: str) -> None:
    assert react(429, retry_after, NOW, 9, END) == (Fate.held_back, NOW + backoff(1))


@pytest.mark.parametrize("retry_after", ["", "soon", "-5", "1e9", "٣", "Fri, 99 Jan 2027 09:00:00 GMT", "9" * 400])
def test_N4_a_Retry_After_that_says_nothing_is_as_none(retry_after: str) -> None:
    assert react(503, retry_after, NOW, 3, END) == (Fate.retry, NOW + backoff(3))


def test_N4_a_refused_key_pauses_for_an_hour() -> None:
    assert react(403, "", NOW, 1, END) == (Fate.refused, NOW + PAUSE)


@given(st.integers(1, 10_000))
def test_N4_the_delay_grows_to_six_hours_at_most(attempts: int) -> None:
    assert backoff(1) == 30_000
    assert backoff(attempts) <= backoff(attempts + 1) <= LONGEST_DELAY


@pytest.mark.parametrize("status", [None, 429, 401, 500])
def test_N4_nothing_is_tried_after_its_time_to_live(status: int | None) -> None:
    assert react(status, "", NOW, 1, NOW + 1).fate is Fate.failed
