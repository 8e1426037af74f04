// Full pulls: of a restored server, of another scope, of a phone that was enrolled anew (SPEC M17, M18).
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { RondaDB } from "./db";
import { exchange } from "./exchange";
import { EMPTY_REPORT, mutationOf, saveReport } from "./outbox";
import { AREA, enrolledPhone, named, NOON, TestPorts, TestServer } from "./phone.fixture";
import type { ReportChange } from "./protocol";

const DAY = 86_400_000;
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

const capture = (name: string) =>
  saveReport(db, {
    record_id: null,
    area_id: AREA,
    base: EMPTY_REPORT,
    report: named(name),
    now: ports.now(),
  });

const statuses = async () => (await db.outbox.orderBy("seq").toArray()).map((row) => row.status);
const name = async (id: string) => (await db.records.get(id))?.report?.identity.full_name;
const mutationId = async (record_id: string) => (await db.outbox.get({ record_id }))!.mutation_id;

/** A change that somebody else made on the server. */
function elsewhere(record_id: string, over: Partial<ReportChange>): void {
  const known = server.records.get(record_id) as ReportChange;
  server.records.set(record_id, { ...known, version: known.version + 1, ...over });
}

test("M17 a full pull drops what is no longer the officer's, and nothing that waits", async () => {
  const gone = await capture("Pindah");
  await exchange(db, ports);
  const waiting = await capture("Menunggu");
  server.records.delete(gone);
  server.outcomes.set(await mutationId(gone), { ...server.outcomes.get(await mutationId(gone))! });
  server.verdicts.set(await mutationId(waiting), { outcome: "retry", code: null });
  server.resync = true;
  await exchange(db, ports);
  expect(await name(waiting)).toBe("Menunggu");
  server.verdicts.clear();
  await exchange(db, ports, true);
  expect(await db.records.get(gone)).toBeUndefined();
  expect((await db.records.get(waiting))?.server?.version).toBe(1);
});

test("M17 a server restored from a backup gets again what it once acknowledged", async () => {
  const id = await capture("Rahim");
  await exchange(db, ports);
  server.records.clear();
  server.outcomes.clear();
  server.resync = true;
  ports.time += 60_000;
  await exchange(db, ports);
  expect((server.records.get(id) as ReportChange).report.identity.full_name).toBe("Rahim");
  expect(server.received[1]).toEqual([]);
  expect(server.received[2]).toEqual(server.received[0]);
  expect(await statuses()).toEqual(["acknowledged"]);
  expect(await name(id)).toBe("Rahim");
});

test("M17 a server restored from a backup gets again what it held in quarantine, and a person can decide it", async () => {
  const id = await capture("Rahim");
  server.verdicts.set(await mutationId(id), { outcome: "quarantined", code: "area_out_of_scope" });
  await exchange(db, ports);
  server.outcomes.clear();
  server.resync = true;
  ports.time += 60_000;
  await exchange(db, ports);
  expect(server.received.filter((bodies) => bodies.length > 0)).toHaveLength(2);
  expect(server.outcomes.has(await mutationId(id))).toBe(true);
  expect(await statuses()).toEqual(["quarantined"]);
  expect(await name(id)).toBe("Rahim");
});

test("M17 A4 a full pull drops a report that went, though an edit of it was refused, and keeps the edit", async () => {
  const id = await capture("Rahim");
  await exchange(db, ports);
  const edit = { record_id: id, area_id: AREA, base: named("Rahim"), report: named("Khan"), now: NOON };
  await saveReport(db, edit);
  const [, second] = await db.outbox.toArray();
  server.verdicts.set(second!.mutation_id, { outcome: "quarantined", code: "area_out_of_scope" });
  await exchange(db, ports);
  server.records.delete(id);
  server.resync = true;
  await exchange(db, ports);
  expect(await db.records.get(id)).toBeUndefined();
  expect(await statuses()).toEqual(["acknowledged", "quarantined"]);
});

test("M18 an answer to a phone that was enrolled anew meanwhile brings it no records", async () => {
  const id = await capture("Rahim");
  await exchange(db, ports);
  await capture("Khan");
  server.says = () => {
    void db.meta.update("phone", { secret: "t".repeat(43), cursor: "" });
    return {};
  };
  elsewhere(id, { report: named("Rahim", { note: "bukan untuk HP ini" }) });
  await exchange(db, ports).catch(() => undefined);
  expect((await db.records.get(id))?.report?.note).toBe("");
  expect(await statuses()).toEqual(["acknowledged", "acknowledged"]);
});

test("M17 acknowledged mutations are kept for 30 days, those not accepted for ever", async () => {
  const bad = await capture("Ditolak");
  server.verdicts.set(await mutationId(bad), { outcome: "quarantined", code: "area_fixed" });
  await capture("Rahim");
  await exchange(db, ports);
  ports.time += 29 * DAY;
  await exchange(db, ports);
  expect(await statuses()).toEqual(["quarantined", "acknowledged"]);
  ports.time += 2 * DAY;
  await exchange(db, ports);
  expect(await statuses()).toEqual(["quarantined"]);
  expect(mutationOf((await db.outbox.toArray())[0]!).record_id).toBe(bad);
});
