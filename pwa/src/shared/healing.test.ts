import { createHash } from "node:crypto";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { RondaDB } from "./db";
import { exchange } from "./exchange";
import { EMPTY_REPORT, fileNil, removeReport, saveReport } from "./outbox";
import { AREA, enrolledPhone, manyAreas, named, NOON, TestPorts, TestServer } from "./phone.fixture";

const HOUR = 3_600_000;
let db: RondaDB;
let ports: TestPorts;
let server: TestServer;

beforeEach(async () => {
  db = await enrolledPhone();
  ports = new TestPorts();
  server = new TestServer();
  server.says = ({ check }) => (check ? { digest: digest() } : {});
  vi.stubGlobal("fetch", server.fetch);
});

afterEach(() => vi.unstubAllGlobals());

function digest(): string {
  const here = [...server.records.values()].filter((change) => change.kind === "report" && !change.removed);
  const lines = here.map(({ record_id, version }) => `${record_id}:${version}\n`).sort();
  return createHash("sha256").update(lines.join("")).digest("hex");
}

const capture = (name: string) =>
  saveReport(db, {
    record_id: null,
    area_id: AREA,
    base: EMPTY_REPORT,
    report: named(name),
    now: ports.now(),
  });
const phone = async () => (await db.meta.get("phone"))!;
const checks = () => server.requests.map(({ check }) => check === true);

test("M22 the phone asks after a full pull and then once an hour", async () => {
  await capture("Rahim");
  await exchange(db, ports);
  await exchange(db, ports);
  ports.time += HOUR;
  await exchange(db, ports);
  expect(checks()).toEqual([true, false, true]);
  await removeReport(db, (await db.records.toArray())[0]!.record_id, ports.now());
  await exchange(db, ports);
  await db.meta.update("phone", { checked_at: 0 });
  await exchange(db, ports);
  expect((await phone()).heals ?? 0).toBe(0);
});

test("M22 a phone that has drifted starts over, and is as the server then", async () => {
  const id = await capture("Rahim");
  await capture("Aung");
  await exchange(db, ports);
  server.says = ({ check, cursor }) => ({
    ...(check && { digest: digest() }),
    ...(cursor && { changes: [] }),
  });
  await db.records.delete(id);
  ports.time += 2 * HOUR;
  await exchange(db, ports);
  expect((await db.records.get(id))?.server?.version).toBe(1);
  expect(server.requests.slice(1).map(({ cursor }) => cursor)).toEqual(["c1", ""]);
});

test("M22 a digest that never agrees starts over once a day, not for ever", async () => {
  server.says = ({ check }) => (check ? { digest: "0".repeat(64) } : {});
  for (let hours = 0; hours < 24; hours++, ports.time += HOUR) await exchange(db, ports);
  expect((await phone()).heals).toBe(1);
  expect(server.requests.length).toBe(25);
  await exchange(db, ports);
  expect((await phone()).heals).toBe(2);
});

test("M22 nothing starts over while something waits", async () => {
  await capture("Rahim");
  const [row] = await db.outbox.toArray();
  server.says = () => ({ digest: "0".repeat(64) });
  server.verdicts.set(row!.mutation_id, { outcome: "retry", code: null });
  await exchange(db, ports);
  expect((await phone()).heals ?? 0).toBe(0);
});

test("M22 the phone does not ask before all that it has to send is in the request", async () => {
  await fileNil(db, manyAreas(201), NOON);
  await exchange(db, ports);
  expect(checks()).toEqual([false, true]);
  expect((await phone()).heals ?? 0).toBe(0);
  expect(ports.now()).toBe(NOON);
});
