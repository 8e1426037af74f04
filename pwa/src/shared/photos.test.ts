import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { AREA, enrolledPhone, named, NOON, TestPorts } from "./phone.fixture";
import type { RondaDB } from "./db";
import { saveReport } from "./outbox";
import { PhotoServer, problem } from "./photo-server.fixture";
import { CHUNK, fetchPhoto, sendPhotos } from "./photo-upload";
import {
  digestOf,
  keepPhoto,
  makeRoom,
  markPhotoSeen,
  photosUnread,
  photosWaiting,
  sendPhotosAgain,
  sweepPhotos,
} from "./photos";
import type { Sha256 } from "./protocol";
import { handInDrafts, wipe } from "./standing";

const DAY = 86_400_000;
let db: RondaDB;
let ports: TestPorts;
let server: PhotoServer;

beforeEach(async () => {
  db = await enrolledPhone();
  ports = new TestPorts();
  server = new PhotoServer();
  vi.stubGlobal("fetch", server.fetch);
});

afterEach(() => vi.unstubAllGlobals());

/** A photo of so many bytes, kept for a draft. */
async function taken(length: number, first = 1): Promise<Sha256> {
  const bytes = new Uint8Array(length).fill(first).buffer;
  const sha256 = await digestOf(bytes);
  await keepPhoto(db, sha256, { bytes, type: "image/webp" }, ports.time);
  return sha256;
}

/** A photo that a saved report names. */
async function reported(length: number, first = 1): Promise<Sha256> {
  const sha256 = await taken(length, first);
  const report = named("Foto Contoh", { photos: [sha256] });
  await saveReport(db, { record_id: null, area_id: AREA, base: named(""), report, now: ports.time++ });
  return sha256;
}

async function stateOf(sha256: Sha256): Promise<string | undefined> {
  return (await db.photos.get(sha256))?.state;
}

test("F1 a photo of a draft is not sent, and one of a report waits from the moment that it is saved", async () => {
  const draft = await taken(10, 7);
  const sha256 = await reported(10);
  expect([await stateOf(draft), await stateOf(sha256)]).toEqual(["draft", "waiting"]);
  expect(await sendPhotos(db, ports)).toBe("done");
  expect([...server.kept.keys()]).toEqual([sha256]);
});

test("F1 a report that could not be written leaves its photo with the draft", async () => {
  const sha256 = await taken(10);
  db.outbox.hook("creating", () => {
    throw new Error("disk full");
  });
  const report = named("Foto Contoh", { photos: [sha256] });
  const save = { record_id: null, area_id: AREA, base: named(""), report, now: NOON };
  await expect(saveReport(db, save)).rejects.toThrow();
  expect(await stateOf(sha256)).toBe("draft");
});

test("F2 a photo goes in chunks and arrives with all its bytes, once", async () => {
  const sha256 = await reported(2 * CHUNK + 5);
  expect(await sendPhotos(db, ports)).toBe("done");
  expect(server.log).toEqual(["HEAD", "PUT 0", `PUT ${CHUNK}`, `PUT ${2 * CHUNK}`]);
  expect(await digestOf(server.kept.get(sha256)!.slice().buffer)).toBe(sha256);
  expect(await stateOf(sha256)).toBe("sent");
  await sendPhotos(db, ports);
  expect(server.log).toHaveLength(4);
});

test("F2 an upload goes on where the server says it stopped, also after an answer that was lost", async () => {
  const sha256 = await reported(3 * CHUNK);
  server.losing = 1;
  expect(await sendPhotos(db, ports)).toBe("failed");
  expect(await sendPhotos(db, ports, true)).toBe("done");
  expect(server.log).toEqual(["HEAD", "PUT 0", "HEAD", `PUT ${CHUNK}`, `PUT ${2 * CHUNK}`]);
  expect(server.kept.has(sha256)).toBe(true);
});

test("F2 a photo whose bytes are all there but not yet looked at is ended by an empty chunk", async () => {
  const sha256 = await reported(CHUNK);
  server.uploads.set(sha256, new Uint8Array(CHUNK).fill(1));
  expect(await sendPhotos(db, ports)).toBe("done");
  expect(server.log).toEqual(["HEAD", `PUT ${CHUNK}`]);
});

test("F2 an answer that does not speak of the upload is no progress, and ends the run", async () => {
  const sha256 = await reported(10);
  server.instead.push(() => new Response("<html>", { status: 200 }));
  expect(await sendPhotos(db, ports)).toBe("failed");
  expect(await stateOf(sha256)).toBe("waiting");
});

test("F2 two runs at once send each photo once", async () => {
  await reported(10, 1);
  await reported(10, 2);
  await Promise.all([sendPhotos(db, ports), sendPhotos(db, ports)]);
  expect(server.log.filter((line) => line.startsWith("PUT"))).toHaveLength(2);
});

test("F3 a refused photo stays with its reason, holds up no other, and is not sent again", async () => {
  const bad = await reported(10, 1);
  const good = await reported(10, 2);
  server.verdicts.set(bad, "photo_unreadable");
  expect(await sendPhotos(db, ports)).toBe("done");
  expect(await db.photos.get(bad)).toMatchObject({ state: "refused", code: "photo_unreadable" });
  expect(await stateOf(good)).toBe("sent");
  expect(await photosUnread(db)).toEqual([bad]);
  await markPhotoSeen(db, bad);
  expect(await photosUnread(db)).toEqual([]);
  await sweepPhotos(db, ports.time + 365 * DAY);
  expect(await stateOf(bad)).toBe("refused");
});

test("F2 bytes that were damaged on the way are sent again, those damaged on the phone are not", async () => {
  const whole = await reported(10, 1);
  server.verdicts.set(whole, "photo_digest_differs");
  expect(await sendPhotos(db, ports)).toBe("failed");
  expect(await stateOf(whole)).toBe("waiting");
  await db.photos.update(whole, { bytes: new Uint8Array(10).buffer });
  expect(await sendPhotos(db, ports, true)).toBe("done");
  expect(await stateOf(whole)).toBe("refused");
});

test("F2 a photo on which the server fails holds up no other, and is tried again later", async () => {
  const [bad, good] = [await reported(10, 1), await reported(10, 2)];
  server.instead.push(
    () => null,
    () => problem(500, "internal"),
  );
  expect(await sendPhotos(db, ports)).toBe("failed");
  expect([await stateOf(bad), await stateOf(good)]).toEqual(["waiting", "sent"]);
  expect(await sendPhotos(db, ports, true)).toBe("done");
  expect(await stateOf(bad)).toBe("sent");
});

test("F6 a server that has no place, or a signal that is gone, ends the run", async () => {
  await reported(10, 1);
  await reported(10, 2);
  server.instead.push(() => problem(503, "busy"));
  expect(await sendPhotos(db, ports)).toBe("failed");
  expect(server.log).toHaveLength(1);
  server.down = true;
  expect(await sendPhotos(db, ports, true)).toBe("failed");
  expect(await photosWaiting(db)).toBe(2);
});

test("F6 the server's pause is kept on disk, longer after each failure, and ends by a tap", async () => {
  const sha256 = await reported(10);
  server.instead.push(() => problem(503, "busy", { "Retry-After": "90" }));
  expect(await sendPhotos(db, ports)).toBe("failed");
  ports.time += 89_000;
  expect(await sendPhotos(db, ports)).toBe("waiting");
  expect(server.log).toHaveLength(1);
  server.down = true;
  expect(await sendPhotos(db, ports, true)).toBe("failed");
  expect((await db.pauses.get("photos"))?.failures).toBe(2);
  server.down = false;
  expect(await sendPhotos(db, ports, true)).toBe("done");
  expect(await stateOf(sha256)).toBe("sent");
  expect(await db.pauses.count()).toBe(0);
});

test("F6 a pause written by a clock that was wrong by years holds up nothing", async () => {
  await reported(10);
  await db.pauses.put({ key: "photos", failures: 1, not_before: NOON + 3650 * DAY });
  expect(await sendPhotos(db, ports)).toBe("done");
});

test("F7 a photo goes from the phone 30 days after it was sent, and never before", async () => {
  const sent = await reported(10, 1);
  await sendPhotos(db, ports);
  const waiting = await reported(10, 2);
  await sweepPhotos(db, ports.time + 29 * DAY);
  expect(await stateOf(sent)).toBe("sent");
  await sweepPhotos(db, ports.time + 31 * DAY);
  expect([await stateOf(sent), await stateOf(waiting)]).toEqual([undefined, "waiting"]);
});

test("F7 a restored server gets again what it lacks, and no byte of what it has", async () => {
  const [lost, held] = [await reported(10, 1), await reported(10, 2)];
  await sendPhotos(db, ports);
  server.kept.delete(lost);
  server.log.length = 0;
  await sendPhotosAgain(db);
  expect(await photosWaiting(db)).toBe(2);
  await sendPhotos(db, ports);
  expect(server.log.sort()).toEqual(["HEAD", "HEAD", "PUT 0"]);
  expect([...server.kept.keys()].sort()).toEqual([lost, held].sort());
});

test("F7 on a full disk photos that the server has give way, and no other", async () => {
  const sent = await reported(10, 1);
  await sendPhotos(db, ports);
  const [waiting, draft] = [await reported(10, 2), await taken(10, 3)];
  expect(await makeRoom(db)).toBe(true);
  expect(await makeRoom(db)).toBe(false);
  const states = await Promise.all([sent, waiting, draft].map(stateOf));
  expect(states).toEqual([undefined, "waiting", "draft"]);
});

test("F7 the photo of a discarded draft goes with it", async () => {
  const [kept, discarded] = [await taken(10, 1), await taken(10, 2)];
  const draft = {
    draft_id: "d",
    record_id: null,
    area_id: AREA,
    form: {},
    base: named(""),
    updated_at: NOON,
  };
  await db.drafts.put({ ...draft, photos: [kept] });
  await sweepPhotos(db, ports.time);
  expect([await stateOf(kept), await stateOf(discarded)]).toEqual(["draft", undefined]);
});

test("F5 a photo of another phone is fetched to be looked at, and goes when its report does", async () => {
  const other = await reported(10);
  await sendPhotos(db, ports);
  await db.photos.clear();
  await fetchPhoto(db, other, ports.time);
  expect(await stateOf(other)).toBe("shown");
  await sweepPhotos(db, ports.time);
  expect(await stateOf(other)).toBe("shown");
  await db.records.clear();
  await sweepPhotos(db, ports.time);
  expect(await stateOf(other)).toBeUndefined();
  await expect(fetchPhoto(db, "0".repeat(64), ports.time)).rejects.toMatchObject({ code: "not_found" });
});

test("D2 a photo that is fetched while the phone is wiped is not kept", async () => {
  const other = await reported(10);
  await sendPhotos(db, ports);
  await db.photos.clear();
  server.instead.push(() => (void db.meta.update("phone", { leaving: "wiped" }), null));
  await fetchPhoto(db, other, ports.time);
  expect(await db.photos.count()).toBe(0);
});

test("D2 a phone that is not trusted any more hands in its photos, those of drafts too, and is wiped only then", async () => {
  const [waiting, drafted] = [await reported(10, 1), await taken(10, 2)];
  const draft = {
    draft_id: "d",
    record_id: null,
    area_id: AREA,
    form: {},
    base: named(""),
    updated_at: NOON,
  };
  await db.drafts.put({ ...draft, photos: [drafted] });
  await db.meta.update("phone", { leaving: "handing_in" });
  await db.transaction("rw", db.tables, async () => handInDrafts(db, (await db.meta.get("phone"))!));
  const handed = await db.outbox.orderBy("seq").last();
  expect(JSON.parse(handed!.body)).toMatchObject({ kind: "draft", photos: [drafted] });
  await db.outbox.toCollection().modify({ status: "acknowledged" });
  expect(await wipe(db)).toBe(false);
  await sendPhotos(db, ports);
  expect([...server.kept.keys()].sort()).toEqual([waiting, drafted].sort());
  expect(await wipe(db)).toBe(true);
  expect(await db.photos.count()).toBe(0);
});
