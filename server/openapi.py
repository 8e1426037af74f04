"""The OpenAPI document of the API, made of the route handlers and the wire structs: `ronda openapi` prints it.

Litestar knows the paths, msgspec the schemas (its unions carry discriminators, which Litestar's own document lacks).
What neither knows, a handler says with `api=Api(...)`. The document is not served.
"""

import inspect
from collections.abc import Iterable, Iterator
from typing import Annotated, Any, Final
from uuid import UUID

import msgspec
from litestar import Litestar, Response
from litestar.handlers import HTTPRouteHandler
from litestar.routes import HTTPRoute
from msgspec import Meta, Struct

from server import problems
from sync.errors import Code
from sync.protocol.console import Problem
from sync.protocol.exchange import ExchangeRequest, Mutation
from sync.protocol.values import MAX_MUTATIONS, PROTOCOL

PHONE: Final = "phone"
APPLICANT: Final = "applicant"
CONSOLE: Final = "console"

_COMPONENT: Final = "#/components/schemas/{name}"
_SECURITY: Final = {
    PHONE: {"type": "http", "scheme": "bearer", "description": "The secret that a phone made when it enrolled."},
    APPLICANT: {"type": "http", "scheme": "bearer", "description": "The 22 characters of an application's link."},
}
_SESSION: Final = {"type": "apiKey", "in": "cookie", "description": "The session of a console user."}
_OF_THE_SERVER: Final = {Code.busy, Code.internal}
_OF_ANY_REQUEST: Final = {Code.request_invalid, Code.headers_too_large, *_OF_THE_SERVER}
_OF_A_CHANGE: Final = {Code.origin_refused, Code.content_type_unsupported, Code.body_too_large, Code.body_not_gzip}
_OF_A_BODY: Final = {Code.body_not_utf8, Code.body_not_json, Code.body_too_deep}


class Api(Struct, frozen=True):
    """What a handler's signature does not tell: who calls, what it decodes or encodes itself, what it may refuse.

    `caller` is one of the three, or several with a blank between. `headers` are numbers that a request must bring,
    `told` those that an answer bears; bytes are read as application/octet-stream and answered as `media_type`.
    """

    caller: str = ""
    reads: Any = None
    answers: Any = None
    media_type: str = "application/json"
    raises: tuple[Code, ...] = ()
    headers: tuple[str, ...] = ()
    told: tuple[str, ...] = ()


class _Operation(Struct, frozen=True):
    """One method of one path; `parameters` tells of each whether it is a UUID."""

    path: str
    method: str
    name: str
    text: str
    parameters: dict[str, bool]
    status: int
    api: Api


def document(app: Litestar, cookie: str) -> dict[str, Any]:
    """The document, as plain JSON values, of all routes but those of the pages. `cookie` names that of a session."""
    operations = sorted(_operations(app), key=lambda one: (one.path, one.method))
    types = {_described(one) for each in operations for one in (each.api.reads, each.api.answers) if _is_json(one)}
    ordered = [Problem, Mutation, *sorted(types, key=str)]
    schemas, components = msgspec.json.schema_components(ordered, ref_template=_COMPONENT)
    schema_of = dict(zip(map(str, ordered), schemas, strict=True))
    paths: dict[str, dict[str, Any]] = {}
    for one in operations:
        paths.setdefault(one.path, {})[one.method] = _written(one, schema_of)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Ronda", "version": str(PROTOCOL), "license": {"name": "Apache-2.0"}},
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {"schemas": components, "securitySchemes": _SECURITY | {CONSOLE: _SESSION | {"name": cookie}}},
    }


def _operations(app: Litestar) -> Iterator[_Operation]:
    for route in app.routes:
        if isinstance(route, HTTPRoute) and route.path.startswith(("/api/", "/health")):
            for handler in route.route_handlers:
                for method in handler.http_methods - {"OPTIONS"}:
                    yield _operation(route, handler, method.lower())


def _operation(route: HTTPRoute, handler: HTTPRouteHandler, method: str) -> _Operation:
    said: Api = handler.opt.get("api", Api())
    signature = handler.parsed_fn_signature
    data, answer = handler.parsed_data_field, signature.return_type
    if answer.is_subclass_of(Response):
        answer = answer.inner_types[0]
    answered = said.answers or (None if answer.annotation is type(None) else answer.annotation)
    api = msgspec.structs.replace(
        said,
        caller=said.caller or (CONSOLE if "person" in signature.parameters else ""),
        reads=said.reads or (data.annotation if data else None),
        answers=answered,
    )
    text = inspect.cleandoc(handler.fn.__doc__ or "")
    parameters = {name: it.type is UUID for name, it in route.path_parameters.items()}
    name = f"{handler.fn.__module__.rpartition('.')[2]}_{handler.handler_name}"
    return _Operation(route.path_format, method, name, text, parameters, handler.status_code, api)


def _is_json(it: Any) -> bool:
    return it is not None and it is not bytes


def _described(it: Any) -> Any:
    """A request's mutations are read one by one, so its struct holds bytes; the document says what should be there."""
    return _EXCHANGE if it is ExchangeRequest else it


_Version = Annotated[int, Meta(ge=1, le=PROTOCOL)]
_Mutations = Annotated[tuple[Mutation, ...], Meta(max_length=MAX_MUTATIONS)]
_EXCHANGE: Final = msgspec.defstruct(
    "ExchangeRequest",
    [("protocol", _Version), ("mutations", _Mutations, ())],
    bases=(ExchangeRequest,),
    namespace={"__doc__": ExchangeRequest.__doc__},
    frozen=True,
    kw_only=True,
)


def _written(one: _Operation, schema_of: dict[str, Any]) -> dict[str, Any]:
    """One operation as OpenAPI writes it."""
    api = one.api
    summary, _, rest = one.text.partition("\n")
    written: dict[str, Any] = {"operationId": one.name, "summary": summary, "description": rest.strip()}
    if parameters := [*_parameters(one)]:
        written["parameters"] = parameters
    if api.reads is not None:
        media_type = "application/json" if _is_json(api.reads) else "application/octet-stream"
        content = {media_type: {"schema": _schema(api.reads, schema_of)}}
        written["requestBody"] = {"required": True, "content": content}
    written["responses"] = {str(one.status): _answer(one, schema_of), **_refusals(one)}
    written["security"] = [{caller: []} for caller in api.caller.split()]
    return {name: value for name, value in written.items() if value != ""}


def _answer(one: _Operation, schema_of: dict[str, Any]) -> dict[str, Any]:
    api = one.api
    answer: dict[str, Any] = {"description": "Done." if api.answers is None else "The answer."}
    if api.answers is not None:
        answer["content"] = {api.media_type: {"schema": _schema(api.answers, schema_of)}}
    if api.told:
        answer["headers"] = {name: {"required": True, "schema": {"type": "string"}} for name in api.told}
    return answer


def _parameters(one: _Operation) -> Iterator[dict[str, Any]]:
    for name, is_uuid in one.parameters.items():
        schema = {"type": "string", "format": "uuid"} if is_uuid else {"type": "string", "minLength": 1}
        yield {"name": name, "in": "path", "required": True, "schema": schema}
    for name in one.api.headers:
        yield {"name": name, "in": "header", "required": True, "schema": {"type": "integer", "minimum": 0}}


def _schema(it: Any, schema_of: dict[str, Any]) -> Any:
    """A reference to a wire struct; any bytes for bytes."""
    return schema_of[str(_described(it))] if _is_json(it) else {}


def _refusals(one: _Operation) -> dict[str, Any]:
    """The problems that an operation may answer with: by status, each with its codes."""
    by_status: dict[int, set[Code]] = {}
    for code in _codes(one):
        by_status.setdefault(problems.status(code), set()).add(code)
    return {str(status): _problem(by_status[status]) for status in sorted(by_status)}


def _codes(one: _Operation) -> Iterable[Code]:
    yield from {*_OF_ANY_REQUEST, *one.api.raises}
    if one.method != "get":
        yield from _OF_A_CHANGE
    if _is_json(one.api.reads):
        yield from _OF_A_BODY
    if one.api.caller:
        yield Code.unauthorized
    if CONSOLE in one.api.caller:
        yield Code.forbidden
    if one.parameters:
        yield Code.not_found


def _problem(codes: set[Code]) -> dict[str, Any]:
    narrowed = {"properties": {"code": {"enum": sorted(codes)}}}
    schema = {"allOf": [{"$ref": _COMPONENT.format(name=Problem.__name__)}, narrowed]}
    answer: dict[str, Any] = {
        "description": ", ".join(sorted(codes)),
        "content": {problems.MEDIA_TYPE: {"schema": schema}},
    }
    if Code.busy in codes:
        answer["headers"] = {"Retry-After": {"description": "seconds", "schema": {"type": "integer"}}}
    return answer
