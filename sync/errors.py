"""The closed list of what can go wrong, each with a stable code that clients may rely on.

RondaError
 +- Refused       the request as a whole: nothing is acknowledged
 |   +- Unknown       what it names does not exist for the caller
 |   +- Unauthorized  the caller is not known
 +- Busy          the server cannot answer now; the client keeps what it has
 +- Unreadable    one mutation: it is quarantined (SPEC M2)
"""

from enum import StrEnum


class Code(StrEnum):
    """Stable codes of problems. A code, once released, keeps its meaning."""

    body_not_utf8 = "body_not_utf8"
    body_not_json = "body_not_json"
    body_too_deep = "body_too_deep"
    body_too_large = "body_too_large"
    body_not_gzip = "body_not_gzip"
    headers_too_large = "headers_too_large"
    request_invalid = "request_invalid"
    content_type_unsupported = "content_type_unsupported"
    origin_refused = "origin_refused"
    protocol_unsupported = "protocol_unsupported"
    not_found = "not_found"
    method_not_allowed = "method_not_allowed"
    unauthorized = "unauthorized"
    forbidden = "forbidden"
    busy = "busy"
    internal = "internal"
    code_invalid = "code_invalid"
    code_used = "code_used"
    code_expired = "code_expired"
    credentials_invalid = "credentials_invalid"
    event_not_allowed = "event_not_allowed"
    payment_missing = "payment_missing"
    endpoint_refused = "endpoint_refused"
    mutation_unreadable = "mutation_unreadable"
    text_forbidden = "text_forbidden"
    date_impossible = "date_impossible"
    mutation_id_reused = "mutation_id_reused"
    area_out_of_scope = "area_out_of_scope"
    area_fixed = "area_fixed"
    record_quarantined = "record_quarantined"
    record_unknown = "record_unknown"
    record_kind_differs = "record_kind_differs"
    resolution_not_allowed = "resolution_not_allowed"
    resolution_stale = "resolution_stale"
    device_revoked = "device_revoked"
    discarded = "discarded"
    decided_already = "decided_already"
    photo_type_unsupported = "photo_type_unsupported"
    photo_too_large = "photo_too_large"
    photo_unreadable = "photo_unreadable"
    photo_digest_differs = "photo_digest_differs"
    photo_offset_differs = "photo_offset_differs"


class RondaError(Exception):
    """A refusal with a code and a sentence for the person who reads it; the sentence holds no personal data."""

    def __init__(self, code: Code, detail: str = "") -> None:
        super().__init__(detail or code.value)
        self.code = code
        self.detail = detail


class Refused(RondaError):
    """The request as a whole is refused, and nothing in it was done."""


class Unknown(Refused):
    """What the request names does not exist, or not for this caller."""


class Unauthorized(Refused):
    """The caller is not known."""


class Busy(RondaError):
    """The server cannot answer now. Nothing was acknowledged; the client keeps what it has and comes again."""


class Unreadable(RondaError):
    """One mutation cannot be read or applied; it is quarantined and delays no other (SPEC M2)."""
