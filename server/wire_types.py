"""The interface's TypeScript, made of the wire structs: `ronda protocol` writes it, nobody edits it.

One declaration for each struct, enumeration and bounded value of `sync.protocol`. Reads only `sync`.
"""

import types
from collections.abc import Iterator
from enum import StrEnum
from json import dumps
from pathlib import Path
from typing import Annotated, Any, Final, Union, get_args, get_origin, get_type_hints
from uuid import UUID

import msgspec
from msgspec import Meta, Raw, Struct, UnsetType

from sync import errors
from sync.protocol import console, exchange, passports, records, values

TARGET: Final = Path(__file__).parent.parent / "pwa" / "src" / "shared" / "protocol.ts"

_MODULES: Final = (errors, values, records, exchange, passports, console)
_PLAIN: Final = {str: "string", int: "number", bool: "boolean", UUID: "Uuid", Raw: "unknown", types.NoneType: "null"}
_BOUNDED: Final = {name: it for name, it in vars(values).items() if get_origin(it) is Annotated}
_UNIONS: Final[dict[str, Any]] = {"Mutation": exchange.Mutation, "Change": exchange.Change}


def typescript() -> str:
    """The whole of `pwa/src/shared/protocol.ts`, ending in a newline."""
    return "\n".join(["// Generated from sync/protocol by `ronda protocol`. Do not edit.", *_declarations()]) + "\n"


def _declarations() -> Iterator[str]:
    for name in ("PROTOCOL", "MAX_MUTATIONS", "MAX_BODY"):
        yield f"export const {name} = {getattr(values, name)};"
    yield f"export const GROUPS = {dumps(records.GROUPS)} as const;"
    yield "export type Uuid = string;"
    for name, hint in _BOUNDED.items():
        yield _comment(_description(hint)) + f"export type {name} = {_PLAIN[get_args(hint)[0]]};"
    for module in _MODULES:
        yield from (_declaration(it) for it in vars(module).values() if _is_declared_in(module, it))
    for name, union in _UNIONS.items():
        yield f"export type {name} = {' | '.join(part.__name__ for part in get_args(union))};"


def _is_declared_in(module: types.ModuleType, it: object) -> bool:
    wanted = isinstance(it, type) and issubclass(it, (StrEnum, Struct)) and it is not values.Wire
    return wanted and it.__module__ == module.__name__


def _declaration(it: type[Any]) -> str:
    doc = _comment(" ".join((it.__doc__ or "").split()) if it.__doc__ != StrEnum.__doc__ else "")
    if issubclass(it, StrEnum):
        members = ", ".join(dumps(member.value) for member in it)
        return f"{doc}export const {it.__name__} = [{members}] as const;\n" + (
            f"export type {it.__name__} = (typeof {it.__name__})[number];"
        )
    return f"{doc}export interface {it.__name__} {{\n" + "\n".join(_fields(it)) + "\n}"


def _fields(struct: type[Struct]) -> Iterator[str]:
    config = struct.__struct_config__
    if config.tag_field:
        yield f"  {config.tag_field}: {dumps(config.tag)};"
    hints = get_type_hints(struct, include_extras=True)
    for field in msgspec.structs.fields(struct):
        mark = "?" if UnsetType in get_args(hints[field.name]) else ""
        yield f"  {field.encode_name}{mark}: {_type(hints[field.name])};"


def _type(hint: Any) -> str:
    for name, known in (_BOUNDED | _UNIONS).items():
        if hint == known:
            return name
    match get_origin(hint):
        case None:
            return _PLAIN.get(hint) or str(hint.__name__)
        case origin if origin is Annotated:
            return _type(get_args(hint)[0])
        case origin if origin in (tuple, list):
            return f"{_type(get_args(hint)[0])}[]"
        case origin if origin in (Union, types.UnionType):
            return " | ".join(_type(part) for part in get_args(hint) if part is not UnsetType)
    raise TypeError(f"no TypeScript for {hint!r}")


def _description(hint: Any) -> str:
    return next((meta.description or "" for meta in hint.__metadata__ if isinstance(meta, Meta)), "")


def _comment(text: str) -> str:
    return f"/** {text} */\n" if text else ""
