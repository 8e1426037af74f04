"""Photos over HTTP on both databases: brought in pieces, checked, encoded anew, shown to who may see the report."""

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import httpx
import pytest
from sqlalchemy import Connection, text

from server import clock
from server.store.engine import open_database
from tests.server.test_http import sign_in
from tests.support.caller import problem
from tests.support.camera import CHUNK, OCTETS, Camera
from tests.support.pictures import PLACE, digest, noise, picture, shown, with_gps
from tests.support.ronda import Ronda


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def ronda(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ronda]:
    settings = {} if request.param == "sqlite" else {"RONDA_DATABASE_URL": request.getfixturevalue("fresh_postgresql")}
    with Ronda(tmp_path_factory.mktemp("photos"), **settings) as ronda:
        ronda.run("seed")
        ronda.start_server()
        yield ronda


@pytest.fixture(scope="module")
def camera(ronda: Ronda) -> Camera:
    return Camera(ronda, "Budi Contoh")


def test_F1_a_report_may_name_a_photo_that_comes_later(camera: Camera) -> None:
    content = picture(seed=1)
    assert camera.report(digest(content))["outcome"] == "applied"
    assert problem(camera.get(digest(content))) == (404, "not_found")
    camera.bring(content)
    assert camera.get(digest(content)).status_code == 200


def test_F2_an_upload_goes_on_where_it_stopped(camera: Camera) -> None:
    content = noise()
    name = digest(content)
    assert len(content) > 2 * CHUNK
    assert camera.progress(name) == ("0", "?0")
    assert camera.put(name, content[:CHUNK], 0, len(content)).headers["upload-offset"] == str(CHUNK)
    assert camera.progress(name) == (str(CHUNK), "?0")
    rest = [camera.put(name, content[at : at + CHUNK], at, len(content)) for at in range(CHUNK, len(content), CHUNK)]
    assert [answer.headers["upload-complete"] for answer in rest] == ["?0"] * (len(rest) - 1) + ["?1"]
    assert camera.progress(name)[1] == "?1"


def test_F2_a_chunk_may_come_twice_or_overlap_and_a_photo_again(camera: Camera) -> None:
    content = noise()
    name = digest(content)
    for start, end in ((0, 1000), (0, 1000), (500, 2000), (0, 10)):
        answer = camera.put(name, content[start:end], start, len(content))
        assert answer.status_code == 204
    assert answer.headers["upload-offset"] == "2000"
    assert camera.bring(content).headers["upload-complete"] == "?1"
    assert camera.bring(content).headers["upload-complete"] == "?1"
    assert camera.put(name, b"", 0, len(content)).headers["upload-complete"] == "?1"


def test_F2_a_chunk_behind_a_gap_changes_nothing(camera: Camera) -> None:
    content = picture(seed=2)
    name = digest(content)
    assert problem(camera.put(name, content[10:], 10, len(content))) == (409, "photo_offset_differs")
    camera.put(name, content[:10], 0, len(content))
    assert problem(camera.put(name, content[20:], 20, len(content))) == (409, "photo_offset_differs")
    assert camera.progress(name) == ("10", "?0")


def test_F2_bytes_with_another_digest_are_forgotten(camera: Camera) -> None:
    content = picture(seed=3)
    name = digest(content)
    assert problem(camera.bring(content[:-2] + b"xx", name)) == (422, "photo_digest_differs")
    assert camera.progress(name) == ("0", "?0")
    assert camera.bring(content).headers["upload-complete"] == "?1"


def test_F2_a_photo_of_another_length_begins_anew(camera: Camera) -> None:
    content = picture(seed=4)
    name = digest(content)
    camera.put(name, content[:100], 0, len(content) + 1)
    assert problem(camera.put(name, content[100:], 100, len(content))) == (409, "photo_offset_differs")
    assert camera.bring(content).headers["upload-complete"] == "?1"


def test_F2_phones_do_not_spoil_each_others_uploads(ronda: Ronda, camera: Camera) -> None:
    content = picture(seed=5)
    name = digest(content)
    other = Camera(ronda, "Sri Contoh")
    other.put(name, b"x" * 100, 0, len(content))
    assert camera.bring(content).headers["upload-complete"] == "?1"
    assert other.progress(name)[1] == "?1"


def test_F2_the_last_chunk_twice_at_once_is_one_photo(camera: Camera) -> None:
    content = noise()
    name, length = digest(content), len(content)
    for start in range(0, length - 100, CHUNK):
        camera.put(name, content[start : min(start + CHUNK, length - 100)], start, length)
    with ThreadPoolExecutor(3) as pool:
        answers = list(pool.map(lambda _: camera.put(name, content[-100:], length - 100, length), range(3)))
    assert {answer.status_code for answer in answers} <= {204, 503}
    assert camera.put(name, b"", 0, length).headers["upload-complete"] == "?1"


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_F3_three_types_are_taken_by_their_content(camera: Camera, kind: str) -> None:
    image = shown(camera.named(picture(kind=kind, seed=6)))
    assert (image.format, image.size) == ("WEBP", (320, 240))


def test_F4_no_place_and_no_comment_survive_and_the_photo_stands_upright(camera: Camera) -> None:
    content = with_gps(320, 240, orientation=6)
    assert PLACE.encode() in content
    served = camera.named(content)
    image = shown(served)
    assert image.size == (240, 320)
    assert not image.getexif()
    assert PLACE.encode() not in served


def test_F4_only_the_picture_of_a_polyglot_is_shown(camera: Camera) -> None:
    script = b"<html><script>alert(1)</script></html>PK\x03\x04"
    served = camera.named(picture(seed=8) + script)
    assert b"script" not in served
    assert shown(served).format == "WEBP"


def test_F4_a_large_photo_is_made_smaller_and_glass_becomes_paper(camera: Camera) -> None:
    assert shown(camera.named(picture(4000, 3000, seed=9))).size == (2048, 1536)
    written = picture(64, 64, "PNG", transparency=(40, 200, 180), seed=9)
    red, green, blue = shown(camera.named(written)).convert("RGB").getpixel((60, 32))  # type: ignore[misc]
    assert min(red, green, blue) > 240


def test_F4_the_browser_is_told_that_it_is_a_picture_and_to_keep_no_copy(camera: Camera) -> None:
    content = picture(seed=10)
    camera.named(content)
    headers = camera.get(digest(content)).headers
    assert headers["content-type"] == "image/webp"
    assert headers["content-disposition"] == 'inline; filename="foto.webp"'
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cache-control"] == "no-store"


def test_F5_phones_see_the_photos_of_their_reports_and_no_others(ronda: Ronda, camera: Camera) -> None:
    content = picture(seed=11)
    second, foreign = Camera(ronda, "Budi Contoh"), Camera(ronda, "Sri Contoh")
    camera.bring(content)
    assert problem(camera.get(digest(content))) == (404, "not_found")
    camera.report(digest(content))
    assert second.get(digest(content)).content == camera.get(digest(content)).content
    assert problem(foreign.get(digest(content))) == (404, "not_found")
    assert problem(foreign.get("0" * 64)) == (404, "not_found")
    stranger = httpx.get(f"{ronda.origin}/api/photos/{digest(content)}", headers={"Authorization": "Bearer x"})
    assert problem(stranger) == (401, "unauthorized")


def test_F5_a_report_that_was_not_accepted_shows_nothing(ronda: Ronda, camera: Camera) -> None:
    content = picture(seed=12)
    camera.named(content)
    foreign = Camera(ronda, "Sri Contoh")
    mutation = foreign.phone.nil() | {"kind": "report", "area_id": str(UUID(int=404)), "changes": {}}
    mutation["changes"] = {"photos": [digest(content)]}
    assert foreign.phone.send(foreign.phone.request(mutation)).json()["outcomes"][0]["outcome"] == "quarantined"
    assert problem(foreign.get(digest(content))) == (404, "not_found")


def test_F5_console_users_see_the_photos_of_their_area(ronda: Ronda, camera: Camera) -> None:
    content = picture(seed=13)
    camera.named(content)
    path = f"/api/photos/{digest(content)}"
    with httpx.Client(base_url=ronda.origin) as console:
        assert problem(console.get(path)) == (401, "unauthorized")
        sign_in(ronda, console, "lurah")
        assert shown(console.get(path).content).format == "WEBP"
        assert problem(console.get(f"/api/photos/{'0' * 64}")) == (404, "not_found")


def test_F5_F1_a_photo_in_a_conflict_is_still_somebodys(camera: Camera) -> None:
    """A photo that was added to a removed report is kept by the conflict, and shown to who decides it."""
    content = picture(seed=14)
    begun = camera.phone.nil() | {"kind": "report", "changes": {"note": "n"}}
    removed = camera.phone.nil() | {"kind": "remove", "record_id": begun["record_id"], "base": {"note": "n"}}
    added = begun | {"mutation_id": str(clock.new_id()), "changes": {"photos": [digest(content)]}}
    outcomes = camera.phone.send(camera.phone.request(begun, removed, added)).json()["outcomes"]
    assert [outcome["outcome"] for outcome in outcomes] == ["applied", "applied", "conflicted"]
    camera.bring(content)
    assert camera.get(digest(content)).status_code == 200


def test_F6_photos_that_come_all_at_once_are_asked_to_come_again_and_none_is_lost(camera: Camera) -> None:
    contents = [noise(500) for _ in range(12)]
    with ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(lambda content: camera.bring(content, size=256 * 1024), contents))
    assert {answer.status_code for answer in answers} <= {204, 503}
    assert all("retry-after" in answer.headers for answer in answers if answer.status_code == 503)
    for content in contents:
        assert camera.bring(content).headers["upload-complete"] == "?1"


def test_F6_who_is_no_phone_of_ours_waits_for_no_writer_and_keeps_none_waiting(ronda: Ronda) -> None:
    """Held here: all that a phone's request for its upload would write or lock."""

    def knock(conn: Connection) -> httpx.Response:
        if conn.dialect.name == "postgresql":
            conn.execute(text("lock table devices in exclusive mode"))
        extent = {"Upload-Offset": "0", "Upload-Length": "9", "Content-Type": OCTETS, "Authorization": "Bearer x"}
        url = f"{ronda.origin}/api/photos/{digest(b'no photo')}"
        return httpx.put(url, content=b"no photo", headers=extent, timeout=20)

    async def while_held() -> httpx.Response:
        db = open_database(ronda.database_url)
        try:
            return await db.write(knock)
        finally:
            await db.close()

    assert problem(asyncio.run(while_held())) == (401, "unauthorized")
