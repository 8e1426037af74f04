// What people decide later of a mutation in quarantine (SPEC M21).
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { RondaDB } from "./db";
import { exchange } from "./exchange";
import { EMPTY_REPORT, fileNil, markSeen, saveReport } from "./outbox";
import { AREA, enrolledPhone, manyAreas, named, NOON, TestPorts, TestServer } from "./phone.fixture";
import type { Outcome } from "./protocol";

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

async function quarantined(): Promise<{ record_id: string; mutation_id: string }> {
  const save = { record_id: null, area_id: AREA, base: EMPTY_REPORT, report: named("Rahim"), now: NOON };
  const record_id = await saveReport(db, save);
  const { mutation_id } = (await db.outbox.get({ record_id }))!;
  server.verdicts.set(mutation_id, { outcome: "quarantined", code: "area_out_of_scope" });
  return { record_id, mutation_id };
}

function decide(mutation_id: string, over: Partial<Outcome>): void {
  const outcome = { mutation_id, version: 0, window: "", was: null, code: null, outcome: "applied", ...over };
  server.says = ({ ask }) => (ask?.includes(mutation_id) ? { told: [outcome as Outcome] } : {});
}

test("M21 what was released is one of the acknowledged, and is shown as the server has it", async () => {
  const { record_id, mutation_id } = await quarantined();
  await exchange(db, ports);
  decide(mutation_id, { version: 1, window: "2026-11-23/siang" });
  const common = {
    record_id,
    area_id: AREA,
    version: 1,
    window: "2026-11-23/siang",
    captured_at: NOON,
    batch: null,
  };
  server.records.set(record_id, {
    kind: "report",
    ...common,
    report: named("Rahim"),
    removed: false,
    conflicts: 0,
  });
  await exchange(db, ports);
  const [row] = await db.outbox.toArray();
  expect(row).toMatchObject({ status: "acknowledged", outcome: { outcome: "applied", version: 1 } });
  expect((await db.records.get(record_id))?.server?.version).toBe(1);
});

test("M21 what was discarded is kept with the reason, and is to be read again", async () => {
  const { mutation_id } = await quarantined();
  await exchange(db, ports);
  await markSeen(db, mutation_id);
  decide(mutation_id, { outcome: "rejected", code: "discarded", reason: "Sudah dilaporkan RT 006" });
  await exchange(db, ports);
  const [row] = await db.outbox.toArray();
  expect(row).toMatchObject({ status: "rejected", seen: false, outcome: { code: "discarded" } });
  expect(row?.outcome?.reason).toBe("Sudah dilaporkan RT 006");
});

test("M21 what still waits for a decision stays as it is, read or not", async () => {
  const { mutation_id } = await quarantined();
  await exchange(db, ports);
  await markSeen(db, mutation_id);
  decide(mutation_id, { outcome: "quarantined", code: "area_out_of_scope" });
  await exchange(db, ports);
  expect((await db.outbox.toArray())[0]).toMatchObject({ status: "quarantined", seen: true });
});

test("M21 is asked for once a run, at most 200 at a time, and all have their turn", async () => {
  await fileNil(db, manyAreas(201), NOON);
  for (const { mutation_id } of await db.outbox.toArray())
    server.verdicts.set(mutation_id, { outcome: "quarantined", code: "area_out_of_scope" });
  await exchange(db, ports);
  server.requests.length = 0;
  await exchange(db, ports);
  await exchange(db, ports);
  await exchange(db, ports);
  expect(server.requests.map(({ ask }) => ask?.length)).toEqual([200, 1, 200]);
  await fileNil(db, manyAreas(201), NOON + 4 * 3_600_000);
  server.requests.length = 0;
  await exchange(db, ports);
  expect(server.requests.map(({ ask }) => ask?.length)).toEqual([1, undefined]);
});

test("M8 a conflict is to be told from the first answer on, and is kept until it was read", async () => {
  const { mutation_id } = await quarantined();
  await exchange(db, ports);
  decide(mutation_id, { outcome: "conflicted", version: 2 });
  await exchange(db, ports);
  expect((await db.outbox.where({ disputed: 1 }).toArray()).map((row) => row.mutation_id)).toEqual([
    mutation_id,
  ]);
  ports.time += 40 * 86_400_000;
  server.says = () => ({});
  await exchange(db, ports);
  expect(await db.outbox.where({ disputed: 1 }).count()).toBe(1);
});
