"""Older versions of the protocol: what they do not know is left out of their answers (SPEC M20).

A request needs no such help: an older one is a newer one with fields missing.
"""

from typing import Final

from msgspec import UNSET, structs

from sync.protocol.exchange import ExchangeResponse
from sync.protocol.values import PROTOCOL

# The version in which a field of the answer came.
_SINCE: Final = {"told": 2, "digest": 2, "wait": 2, "standing": 3}


def as_known_to(version: int, answer: ExchangeResponse) -> ExchangeResponse:
    """The answer in the words of a version that the server speaks."""
    if version == PROTOCOL:
        return answer
    unknown = {field: UNSET for field, since in _SINCE.items() if version < since}
    answer = structs.replace(answer, protocol=version, **unknown)
    if version < 3 and answer.scope is not UNSET:
        # It has no word for an area that ended, and would ask for its nils.
        going_on = tuple(area for area in answer.scope.areas if not area.ended)
        answer = structs.replace(answer, scope=structs.replace(answer.scope, areas=going_on))
    return answer
