import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { RondaDB } from "./db";
import { exchange } from "./exchange";
import { EMPTY_REPORT, fileNil, saveReport } from "./outbox";
import { backoff, holdBack, pauseLeft, sendAt } from "./pace";
import {
  AREA,
  enrolledPhone,
  manyAreas,
  named,
  NOON,
  OTHER_AREA,
  SCOPE,
  TestPorts,
  TestServer,
} from "./phone.fixture";

const MINUTE = 60_000;
const CLOSE = NOON + 3 * 60 * MINUTE;
const { schedule } = SCOPE;
let db: RondaDB;
let ports: TestPorts;
let server: TestServer;

beforeEach(async () => {
  db = await enrolledPhone();
  ports = new TestPorts();
  server = new TestServer();
  vi.stubGlobal("fetch", server.fetch);
});

afterEach(() => vi.unstubAllGlobals());

const phone = async () => (await db.meta.get("phone"))!;
const hold = () => holdBack(db, ports.now(), ports.chance);

test("M25 a pause is a random part of a time that doubles up to five minutes", () => {
  expect([0, 1, 2, 20].map((failures) => backoff(failures, 0, 1))).toEqual([2000, 4000, 8000, 300_000]);
  expect(backoff(20, 0, 0.25)).toBe(75_000);
});

test("M25 what the server asked for is the least, and phones that were refused together come back apart", () => {
  expect(backoff(0, 90_000, 0)).toBe(90_000);
  expect(backoff(3, 90_000, 1)).toBe(106_000);
});

test("M25 a pause outlives the app", async () => {
  server.down = true;
  ports.chance = 1;
  await fileNil(db, [AREA], NOON);
  await exchange(db, ports);
  db.close();
  await db.open();
  expect(pauseLeft(await phone(), ports.now())).toBe(2000);
  expect(await exchange(db, ports)).toBe("waiting");
});

test("W7 what is saved well before the close goes at once", async () => {
  ports.chance = 1;
  await fileNil(db, [AREA], NOON);
  expect(await hold()).toBe(0);
  expect(sendAt(CLOSE - 11 * MINUTE, CLOSE - 11 * MINUTE, schedule, 1)).toBe(CLOSE - 11 * MINUTE);
});

test("W7 what is saved shortly before the close goes within a minute, and the wait outlives the app", async () => {
  ports.time = CLOSE - 5 * MINUTE;
  ports.chance = 0.5;
  await fileNil(db, [AREA], ports.now());
  expect(await hold()).toBe(30_000);
  db.close();
  await db.open();
  expect(await exchange(db, ports)).toBe("waiting");
  ports.time += 30_000;
  expect(await exchange(db, ports)).toBe("done");
});

test("W7 a second save holds the first one back no longer", async () => {
  ports.time = CLOSE - 5 * MINUTE;
  ports.chance = 1;
  await fileNil(db, [AREA], ports.now());
  await hold();
  ports.time += 50_000;
  await fileNil(db, [OTHER_AREA], ports.now());
  expect(await hold()).toBe(10_000);
  ports.time += 11_000;
  expect(await hold()).toBe(0);
});

test("W7 the officer's own wish goes at once", async () => {
  ports.time = CLOSE - MINUTE;
  ports.chance = 1;
  await fileNil(db, [AREA], ports.now());
  expect(await hold()).toBe(MINUTE);
  expect(await exchange(db, ports, true)).toBe("done");
  expect((await phone()).not_before).toBe(0);
});

test("W7 nothing is held beyond the close and half of the grace, whatever chance says", () => {
  for (const grace_minutes of [0, 1, 15]) {
    for (const before of [0.5, 1, 5, 10].map((minutes) => minutes * MINUTE)) {
      const at = sendAt(CLOSE - before, CLOSE - before, { ...schedule, grace_minutes }, 1);
      expect(at).toBeLessThanOrEqual(CLOSE + grace_minutes * 30_000);
      expect(at - (CLOSE - before)).toBeLessThanOrEqual(MINUTE);
    }
  }
});

test("W7 a phone whose clock is an hour wrong spreads by the server's time", async () => {
  await db.meta.update("phone", { offset: -60 * MINUTE });
  ports.time = CLOSE + 55 * MINUTE;
  ports.chance = 1;
  await fileNil(db, [AREA], ports.now());
  expect(await hold()).toBe(MINUTE);
});

test("M24 a server that has no time for news is asked again when it says, and that is no failure", async () => {
  await saveReport(db, {
    record_id: null,
    area_id: AREA,
    base: EMPTY_REPORT,
    report: named("Rahim"),
    now: NOON,
  });
  server.says = () => ({ wait: 8000 });
  expect(await exchange(db, ports)).toBe("done");
  expect(await phone()).toMatchObject({ not_before: NOON + 8000, problem: null, failures: 0, cursor: "" });
  expect((await db.outbox.toArray())[0]?.status).toBe("acknowledged");
  expect(server.requests).toHaveLength(1);
  server.says = () => ({});
  ports.time += 8000;
  expect(await exchange(db, ports)).toBe("done");
  expect((await phone()).cursor).toBe("c1");
});

test("M24 a full pull that was put off sweeps nothing", async () => {
  const save = { record_id: null, area_id: AREA, base: EMPTY_REPORT, report: named("Rahim"), now: NOON };
  const id = await saveReport(db, save);
  await exchange(db, ports);
  await db.meta.update("phone", { cursor: "" });
  server.says = () => ({ wait: 8000 });
  await exchange(db, ports);
  expect(await db.records.get(id)).toBeDefined();
});

test("M24 what waits beyond one request still goes while news are put off", async () => {
  await fileNil(db, manyAreas(201), NOON);
  server.says = () => ({ wait: 8000 });
  await exchange(db, ports);
  expect(server.received.map((bodies) => bodies.length)).toEqual([200, 1]);
  expect(server.requests.map((request) => request.unsent)).toEqual([1, 0]);
});
