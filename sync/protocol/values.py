"""The plain values that wire structs are made of, with their bounds."""

from typing import Annotated, Final

from msgspec import Meta, Struct

PROTOCOL: Final = 3
MAX_MUTATIONS: Final = 200
MAX_BODY: Final = 256 * 1024
LAST_INSTANT: Final = 253_402_300_799_999

# Control characters and bidirectional controls (SPEC M3). A look-ahead, because `$` would let a final newline pass.
_NO_CONTROLS = r"^(?![\s\S]*[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069])"
# A note may have lines.
_NO_CONTROLS_BUT_NEWLINE = _NO_CONTROLS.replace(r"\u0000-\u001f", r"\u0000-\u0009\u000b-\u001f")

Instant = Annotated[int, Meta(ge=0, le=LAST_INSTANT, description="milliseconds since 1970-01-01T00:00Z")]
Line = Annotated[str, Meta(max_length=200, pattern=_NO_CONTROLS)]
Lines = Annotated[str, Meta(max_length=2000, pattern=_NO_CONTROLS_BUT_NEWLINE)]
Day = Annotated[
    str, Meta(pattern=r"^([0-9]{4}-[0-9]{2}-[0-9]{2})?(?![\s\S])", description="YYYY-MM-DD, or empty: not known")
]
PartialDay = Annotated[
    str,
    Meta(pattern=r"^([0-9]{4}(-[0-9]{2}(-[0-9]{2})?)?)?(?![\s\S])", description="YYYY, YYYY-MM, YYYY-MM-DD or empty"),
]
StateCode = Annotated[str, Meta(pattern=r"^([A-Z]{1,3})?(?![\s\S])", description="code of a travel document, or empty")]
# A browser's push service names it; it is checked further before it is used (SPEC N5).
Url = Annotated[str, Meta(max_length=1000, pattern=r"^[!-~]*(?![\s\S])", description="an address, in ASCII")]
Sha256 = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}(?![\s\S])")]


class Wire(Struct, frozen=True, forbid_unknown_fields=True):
    """The base of all structs on the wire."""
