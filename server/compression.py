"""The answer of an exchange made smaller, in the best way that the phone takes: zstd, gzip, or as it is.

Only the exchange's answers: they hold no secret that somebody could guess by their size.
"""

import gzip
from typing import Final

import zstandard

# Below this nothing is won: it goes in one packet as it is.
WORTH: Final = 1024
# Levels at which a page costs about a millisecond.
_ZSTD: Final = 1
_GZIP: Final = 1


def compressed(body: bytes, accepted: str) -> tuple[bytes, str]:
    """The body and the name of its encoding, "" for none. `accepted` is the header Accept-Encoding (RFC 9110)."""
    ways = _ways(accepted)
    if len(body) < WORTH:
        return body, ""
    if "zstd" in ways:
        return zstandard.compress(body, _ZSTD), "zstd"
    if "gzip" in ways:
        return gzip.compress(body, _GZIP, mtime=0), "gzip"
    return body, ""


def _ways(accepted: str) -> set[str]:
    """The encodings that are named and not excluded by `q=0`."""
    named = (entry.partition(";") for entry in accepted.lower().split(","))
    return {name.strip() for name, _, weight in named if weight.replace(" ", "") not in ("q=0", "q=0.0")}
