"""The document of the API is whole, and what the server answers is in it, whatever schemathesis makes up."""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any, Final
from uuid import UUID
from zlib import crc32

import httpx
import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.config import SchemathesisConfig
from schemathesis.specs.openapi.checks import (
    allow_header_conformance,
    ignored_auth,
    negative_data_rejection,
    positive_data_acceptance,
)

from server.app import litestar
from server.auth import cookie_name
from server.demo.keys import load_or_create
from server.openapi import APPLICANT, CONSOLE, PHONE, document
from server.settings import Settings
from tests.support.caller import Phone
from tests.support.ronda import Ronda

DOCUMENT: Final = document(litestar(Settings()), cookie_name(Settings()))
EXAMPLES: Final = 20
# A mutation that cannot be read is told in its outcome (SPEC M2); what reads well may still be refused, and 1.0, which
# a schema takes for an integer, is none of ours.
SKIPPED: Final = {
    "phones_exchange": [negative_data_rejection, positive_data_acceptance],
    "conflicts_resolve": [positive_data_acceptance],
    "applicant_subscribe": [positive_data_acceptance],
    "photos_bring": [positive_data_acceptance],
    "quarantine_decide": [positive_data_acceptance],
}
# A mutation has so many fields that their boundaries alone are 1,300 requests.
LARGE: Final = {"phones_exchange", "conflicts_resolve"}
ONE_IN: Final = 12
ANY_ID: Final[dict[str, UUID]] = defaultdict(lambda: UUID(int=0))


def _schema() -> Any:
    schema = schemathesis.openapi.from_dict(DOCUMENT, config=SchemathesisConfig())
    schema.config.generation.update(with_security_parameters=False, deterministic=True, max_examples=EXAMPLES)
    return schema


SCHEMA: Final = _schema()

Headers = dict[str, str]
Operation = tuple[str, str, dict[str, Any]]


def operations() -> list[Operation]:
    return [(method, path, one) for path, methods in DOCUMENT["paths"].items() for method, one in methods.items()]


def test_the_document_tells_who_may_call() -> None:
    public = {one["operationId"] for _, _, one in operations() if not one["security"]}
    assert public == {"app_health", "phones_enrol", "session_sign_in"}


def test_every_operation_has_a_name_of_its_own() -> None:
    names = [one["operationId"] for _, _, one in operations()]
    assert len(set(names)) == len(names)


def test_the_document_tells_the_bodies_that_handlers_read_themselves() -> None:
    paths, schemas = DOCUMENT["paths"], DOCUMENT["components"]["schemas"]
    for path in ("/api/exchange", "/api/resolutions", "/api/enrol", "/api/applications/{application_id}/events"):
        assert "requestBody" in paths[path]["post"]
    mutations = schemas["ExchangeRequest"]["properties"]["mutations"]["items"]
    assert set(mutations["discriminator"]["mapping"]) == {"report", "remove", "nil", "resolve"}


def test_every_operation_tells_its_problems_by_their_codes() -> None:
    for _, path, one in operations():
        problems = {status: it["content"] for status, it in one["responses"].items() if status >= "400"}
        assert problems, path
        assert all(list(content) == ["application/problem+json"] for content in problems.values())


@pytest.fixture(scope="module")
def headers(ronda: Ronda, phone: Phone) -> dict[str, Headers]:
    """What each kind of caller shows."""
    link = ronda.run("application", "new", "0000000000000999", "Uji Contoh").split("#t=")[1].strip()
    return {
        PHONE: phone.authorized,
        APPLICANT: {"Authorization": f"Bearer {link}"},
        CONSOLE: {"Cookie": session(ronda)},
        "": {},
    }


def session(ronda: Ronda) -> str:
    """The cookie of a new session of the admin."""
    password = load_or_create(ronda.folder / "var" / "secrets").password("admin")
    answer = httpx.post(f"{ronda.origin}/api/session", json={"username": "admin", "password": password})
    return f"ronda={answer.cookies['ronda']}"


@pytest.fixture(scope="module")
def kept_open() -> Iterator[requests.Session]:
    with requests.Session() as session:
        yield session


@SCHEMA.parametrize()  # type: ignore[untyped-decorator]
@settings(deadline=None, suppress_health_check=list(HealthCheck))
def test_what_the_server_answers_is_in_the_document(
    case: Any, ronda: Ronda, headers: dict[str, Headers], kept_open: requests.Session
) -> None:
    operation = case.operation.definition.raw
    if operation["operationId"] in LARGE and crc32(repr(case.body).encode()) % ONE_IN:
        return
    [caller, *_] = [name for one in operation["security"] for name in one] or [""]
    shown = {"Cookie": session(ronda)} if operation["operationId"] == "session_sign_out" else headers[caller]
    skipped = [ignored_auth, allow_header_conformance, *SKIPPED.get(operation["operationId"], ())]
    case.call_and_validate(ronda.origin, kept_open, headers=shown, excluded_checks=skipped)


@pytest.mark.parametrize("operation", operations(), ids=lambda it: f"{it[0]} {it[1]}")
def test_who_shows_nothing_is_let_in_only_where_the_document_says_so(ronda: Ronda, operation: Operation) -> None:
    method, path, told = operation
    for shown in ({}, {"Authorization": "Bearer x"}, {"Authorization": "Basic eDp5"}):
        answer = httpx.request(method, ronda.origin + path.format_map(ANY_ID), headers=shown, json={})
        if told["security"]:
            assert answer.is_client_error
        else:
            assert answer.status_code != 401
