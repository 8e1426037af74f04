"""Errors -> application/problem+json (RFC 9457) with a stable code. An answer never quotes what was sent."""

import secrets
from typing import Any, Final

import msgspec
import structlog
from litestar import Request, Response
from litestar.exceptions import HTTPException
from litestar.types import ExceptionHandlersMap

from sync.errors import Code, RondaError
from sync.protocol.console import Problem

MEDIA_TYPE: Final = "application/problem+json"
# Whoever is sent away comes again after this to twice this, so that not all come at once.
RETRY_AFTER_SECONDS: Final = 5

# Code -> status and title. What is not named is a fault of the request: 400.
_STATUS: Final[dict[Code, int]] = {
    Code.unauthorized: 401,
    Code.credentials_invalid: 401,
    Code.forbidden: 403,
    Code.origin_refused: 403,
    Code.code_invalid: 403,
    Code.code_used: 403,
    Code.code_expired: 403,
    Code.device_revoked: 403,
    Code.not_found: 404,
    Code.method_not_allowed: 405,
    Code.event_not_allowed: 409,
    Code.payment_missing: 409,
    Code.resolution_stale: 409,
    Code.decided_already: 409,
    Code.record_quarantined: 409,
    Code.body_too_large: 413,
    Code.photo_offset_differs: 409,
    Code.photo_too_large: 413,
    Code.photo_type_unsupported: 415,
    Code.content_type_unsupported: 415,
    Code.photo_digest_differs: 422,
    Code.photo_unreadable: 422,
    Code.endpoint_refused: 422,
    Code.protocol_unsupported: 426,
    Code.headers_too_large: 431,
    Code.internal: 500,
    Code.busy: 503,
}
_BY_STATUS: Final = {401: Code.unauthorized, 403: Code.forbidden, 404: Code.not_found, 405: Code.method_not_allowed} | {
    413: Code.body_too_large,
    415: Code.content_type_unsupported,
}

# Nobody hears this answer, and nothing is wrong with us; Litestar has no class for it.
_GONE: Final = "client disconnected prematurely"

log = structlog.get_logger()


def body(code: Code, detail: str = "") -> bytes:
    """The JSON of a problem."""
    title = code.value.replace("_", " ").capitalize()
    return msgspec.json.encode(Problem(f"urn:ronda:problem:{code}", title, status(code), code, detail))


def status(code: Code) -> int:
    return _STATUS.get(code, 400)


def answer(code: Code, detail: str = "") -> Response[bytes]:
    """The response for a code; one that asks to come again says when."""
    wait = RETRY_AFTER_SECONDS + secrets.randbelow(RETRY_AFTER_SECONDS + 1)
    headers = {"Retry-After": str(wait)} if code is Code.busy else {}
    return Response(body(code, detail), status_code=status(code), media_type=MEDIA_TYPE, headers=headers)


def _of_domain(_request: Request[Any, Any, Any], error: RondaError) -> Response[bytes]:
    return answer(error.code, error.detail)


def _of_http(request: Request[Any, Any, Any], error: HTTPException) -> Response[bytes]:
    if error.detail == _GONE:
        return answer(Code.request_invalid)
    if error.status_code >= 500:
        return _unexpected(request, error)
    if error.status_code == 400 and _is_no_json(error):
        return answer(Code.body_not_json)
    answered = answer(_BY_STATUS.get(error.status_code, Code.request_invalid))
    answered.headers.update(error.headers or {})
    return answered


def _is_no_json(error: BaseException | None) -> bool:
    """Whether it began with a body that is no JSON, rather than with JSON of another shape."""
    if isinstance(error, msgspec.DecodeError):
        return not isinstance(error, msgspec.ValidationError)
    return error is not None and _is_no_json(error.__cause__)


def _unexpected(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    # The message of an error may quote a person's data; its kind and the place in our code do not.
    log.error(
        "unexpected", error=type(error).__name__, at=_place(error), handler=str(request.scope.get("route_handler"))
    )
    return answer(Code.internal)


def _place(error: BaseException) -> str:
    trace = error.__traceback__
    while trace and trace.tb_next:
        trace = trace.tb_next
    return f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}" if trace else ""


HANDLERS: Final[ExceptionHandlersMap] = {
    RondaError: _of_domain,
    HTTPException: _of_http,
    UnicodeDecodeError: lambda _request, _error: answer(Code.body_not_utf8),
    RecursionError: lambda _request, _error: answer(Code.body_too_deep),
    Exception: _unexpected,
}
