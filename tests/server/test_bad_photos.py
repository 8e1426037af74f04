"""What is no photo, or no chunk of one, is refused with a stable code and leaves nothing behind (SPEC F1-F3)."""

from collections.abc import Callable, Iterator

import pytest

from tests.support.caller import problem
from tests.support.camera import CHUNK, OCTETS, Camera
from tests.support.pictures import bomb, digest, noise, picture
from tests.support.ronda import Ronda


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def camera(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Camera]:
    settings = {} if request.param == "sqlite" else {"RONDA_DATABASE_URL": request.getfixturevalue("fresh_postgresql")}
    with Ronda(tmp_path_factory.mktemp("photos"), **settings) as ronda:
        ronda.run("seed")
        ronda.start_server()
        yield Camera(ronda, "Budi Contoh")


BAD: dict[str, tuple[Callable[[], bytes], tuple[int, str]]] = {
    "a GIF": (lambda: picture(kind="GIF"), (415, "photo_type_unsupported")),
    "a TIFF": (lambda: picture(kind="TIFF"), (415, "photo_type_unsupported")),
    "an SVG with a script": (lambda: b"<svg><script>alert(1)</script></svg>", (415, "photo_type_unsupported")),
    "an archive": (lambda: b"PK\x03\x04" + b"x" * 100, (415, "photo_type_unsupported")),
    "a BMP that calls itself JPEG": (lambda: picture(kind="BMP"), (415, "photo_type_unsupported")),
    "half a JPEG": (lambda: noise()[:40_000], (422, "photo_unreadable")),
    "half a PNG": (lambda: picture(kind="PNG", seed=7)[:-60], (422, "photo_unreadable")),
    "half a WebP": (lambda: picture(kind="WEBP", seed=7)[:-60], (422, "photo_unreadable")),
    "a JPEG's beginning alone": (lambda: b"\xff\xd8\xff" + b"x" * 100, (422, "photo_unreadable")),
    "26 megapixels": (lambda: bomb(5200, 5000), (413, "photo_too_large")),
    "a decompression bomb": (lambda: bomb(40_000, 40_000), (413, "photo_too_large")),
}


@pytest.mark.parametrize("case", BAD)
def test_F3_what_is_no_photo_is_refused_with_its_reason(camera: Camera, case: str) -> None:
    make, expected = BAD[case]
    content = make()
    assert problem(camera.bring(content)) == expected
    assert camera.progress(digest(content)) == ("0", "?0")
    camera.report(digest(content))
    assert problem(camera.get(digest(content))) == (404, "not_found")


def test_F3_more_than_5_MB_are_refused_at_the_first_chunk(camera: Camera) -> None:
    assert problem(camera.put("a" * 64, b"x" * CHUNK, 0, 5_000_001)) == (413, "photo_too_large")


EXTENTS: dict[str, tuple[dict[str, str], tuple[int, str]]] = {
    "no offset": ({"Upload-Offset": ""}, (400, "request_invalid")),
    "a negative offset": ({"Upload-Offset": "-1"}, (400, "request_invalid")),
    "2^63": ({"Upload-Length": str(2**63)}, (400, "request_invalid")),
    "other digits": ({"Upload-Length": "1e3"}, (400, "request_invalid")),
    "nothing at all": ({"Upload-Length": "0"}, (400, "request_invalid")),
    "more than the whole": ({"Upload-Length": "3"}, (400, "request_invalid")),
    "JSON": ({"Content-Type": "application/json"}, (415, "content_type_unsupported")),
    "a form": ({"Content-Type": "multipart/form-data; boundary=x"}, (415, "content_type_unsupported")),
    "another site": ({"Origin": "https://example.org"}, (403, "origin_refused")),
    "a cross-site fetch": ({"Sec-Fetch-Site": "cross-site"}, (403, "origin_refused")),
    "no secret": ({"Authorization": ""}, (401, "unauthorized")),
    "another secret": ({"Authorization": "Bearer x"}, (401, "unauthorized")),
}


@pytest.mark.parametrize("case", EXTENTS)
def test_F2_a_bad_chunk_is_a_problem_with_a_stable_code(camera: Camera, case: str) -> None:
    headers, expected = EXTENTS[case]
    assert problem(camera.put("b" * 64, b"four", 0, 4, **headers)) == expected


def test_F2_only_photos_may_be_octets(camera: Camera) -> None:
    answer = camera.http.post("/api/exchange", content=b"{}", headers={"Content-Type": OCTETS})
    assert problem(answer) == (415, "content_type_unsupported")


@pytest.mark.parametrize("name", ["a" * 63, "A" * 64, "..%2f..%2fetc%2fpasswd", "foto.jpg", "a" * 64 + "%00"])
def test_F1_a_name_is_a_digest_and_nothing_else(camera: Camera, name: str) -> None:
    assert problem(camera.get(name)) == (404, "not_found")
    assert problem(camera.put(name, b"four", 0, 4)) == (404, "not_found")
