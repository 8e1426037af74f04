"""Answers are made smaller in the best way that the phone takes, and come out as they went in."""

import gzip

import pytest
import zstandard

from server.compression import WORTH, compressed

BODY = b'{"kind":"report","note":""}' * 100


def _unpacked(body: bytes, encoding: str) -> bytes:
    if encoding == "zstd":
        return zstandard.decompress(body)
    return gzip.decompress(body) if encoding == "gzip" else body


@pytest.mark.parametrize(
    ("accepted", "encoding"),
    [
        ("gzip, deflate, br, zstd", "zstd"),
        ("gzip, deflate, br", "gzip"),
        ("zstd;q=0, gzip;q=0.5", "gzip"),
        ("GZIP", "gzip"),
        ("br", ""),
        ("", ""),
        ("gzip;q=0", ""),
        ("*", ""),
    ],
)
def test_the_best_encoding_that_is_accepted_is_used(accepted: str, encoding: str) -> None:
    packed, name = compressed(BODY, accepted)
    assert name == encoding
    assert _unpacked(packed, name) == BODY
    assert not name or len(packed) < len(BODY) / 5


def test_what_fits_into_a_packet_goes_as_it_is() -> None:
    assert compressed(b"x" * (WORTH - 1), "zstd") == (b"x" * (WORTH - 1), "")
