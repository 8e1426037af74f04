import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { RondaDB } from "./db";
import { exchange } from "./exchange";
import { isLeaseOver, watchLease } from "./lease";
import { EMPTY_REPORT, fileNil, saveReport } from "./outbox";
import { AREA, enrolledPhone, named, NOON, TestPorts, TestServer } from "./phone.fixture";

const DAY = 86_400_000;
const LEASE = 7 * DAY;
let db: RondaDB;
let ports: TestPorts;
let server: TestServer;
let clean: string;

beforeEach(async () => {
  db = await enrolledPhone();
  ports = new TestPorts();
  server = new TestServer();
  server.says = ({ now }) => ({ standing: { state: "trusted", lease_until: now + LEASE } });
  vi.stubGlobal("fetch", server.fetch);
  clean = await capture("Rahim");
  await exchange(db, ports);
});

afterEach(() => vi.unstubAllGlobals());

const phone = async () => (await db.meta.get("phone"))!;
const isOver = async () => isLeaseOver(await phone(), ports.now());
const capture = (name: string) =>
  saveReport(db, {
    record_id: null,
    area_id: AREA,
    base: EMPTY_REPORT,
    report: named(name),
    now: ports.now(),
  });

test("D3 when the lease ends what was pulled is deleted; what waits, and drafts, stay", async () => {
  const edited = await capture("Aung");
  await exchange(db, ports);
  const base = named("Aung");
  ports.time += LEASE;
  await watchLease(db, ports.now());
  expect(await db.records.count()).toBe(2);
  const photo = { bytes: new ArrayBuffer(1), type: "image/webp", at: NOON };
  await db.photos.bulkPut([
    { ...photo, sha256: "a", state: "shown" },
    { ...photo, sha256: "b", state: "waiting" },
  ]);
  const report = named("Aung", { note: "kamar 2" });
  await saveReport(db, { record_id: edited, area_id: AREA, base, report, now: ports.now() });
  await db.drafts.put({ draft_id: "d", record_id: null, area_id: AREA, form: {}, base, updated_at: NOON });
  ports.time += 1;
  await watchLease(db, ports.now());
  expect((await db.records.toArray()).map(({ record_id }) => record_id)).toEqual([edited]);
  expect(await db.drafts.count()).toBe(1);
  expect(await db.photos.toCollection().primaryKeys()).toEqual(["b"]);
  expect(await isOver()).toBe(true);
  expect(await fileNil(db, [AREA], ports.now())).toBe(1);
  await exchange(db, ports);
  expect(await isOver()).toBe(false);
  expect((await db.records.get(clean))?.report?.identity.full_name).toBe("Rahim");
});

test("D3 a clock that is put back extends nothing", async () => {
  ports.time += LEASE - 1000;
  await watchLease(db, ports.now());
  ports.time -= 30 * DAY;
  await watchLease(db, ports.now());
  expect((await phone()).latest).toBe(NOON + LEASE - 1000);
  ports.time += 30 * DAY + 2000;
  await watchLease(db, ports.now());
  ports.time -= 30 * DAY;
  expect(await isOver()).toBe(false);
  ports.time += 30 * DAY + 60_000;
  await watchLease(db, ports.now());
  ports.time -= 30 * DAY;
  expect(await isOver()).toBe(true);
});

test("D3 a clock that jumps ahead by years destroys nothing that was not sent, and one exchange mends it", async () => {
  const unsent = await capture("Aung");
  ports.time += 3650 * DAY;
  await watchLease(db, ports.now());
  expect((await db.records.toArray()).map(({ record_id }) => record_id)).toEqual([unsent]);
  ports.time = NOON;
  expect(await isOver()).toBe(true);
  await exchange(db, ports);
  expect(await isOver()).toBe(false);
  expect((await phone()).latest).toBe(NOON);
  expect(await db.records.count()).toBe(2);
});

test("D3 a server that gives no lease hides nothing", async () => {
  const { lease_until: _, ...row } = await phone();
  await db.meta.put(row);
  ports.time += 3650 * DAY;
  await watchLease(db, ports.now());
  expect(await isOver()).toBe(false);
  expect(await db.records.count()).toBe(1);
});
