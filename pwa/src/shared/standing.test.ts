// A phone that is revoked: it hands in, deletes, and says so; whatever happens in between (SPEC D1, D2).
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { RondaDB } from "./db";
import { enrol } from "./enrolment";
import { exchange } from "./exchange";
import { EMPTY_REPORT, fileNil, saveReport } from "./outbox";
import { AREA, enrolledPhone, named, NOON, SCOPE, TestPorts, TestServer } from "./phone.fixture";

let db: RondaDB;
let ports: TestPorts;
let server: TestServer;

beforeEach(async () => {
  db = await enrolledPhone();
  ports = new TestPorts();
  server = new TestServer();
  server.revoked = true;
  vi.stubGlobal("fetch", server.fetch);
});

afterEach(() => vi.unstubAllGlobals());

const phone = async () => (await db.meta.get("phone"))!;
const capture = (name: string) =>
  saveReport(db, { record_id: null, area_id: AREA, base: EMPTY_REPORT, report: named(name), now: NOON });
const draft = (draft_id: string, full_name: string, record_id: string | null = null) =>
  db.drafts.put({
    draft_id,
    record_id,
    area_id: "",
    form: { full_name },
    base: EMPTY_REPORT,
    updated_at: NOON,
  });
const handedIn = () => server.received.flat().map((body) => JSON.parse(body) as Record<string, unknown>);

async function left(): Promise<number[]> {
  return Promise.all([db.records, db.outbox, db.drafts].map((table) => table.count()));
}

test("D1 D2 all that was not sent is handed in, drafts too, and then nothing is left", async () => {
  const draft_id = "0190b5a0-0000-7000-8000-0000000000d1";
  await capture("Rahim");
  await draft(draft_id, "Setengah");
  expect(await exchange(db, ports)).toBe("done");
  expect(handedIn().map(({ kind }) => kind)).toEqual(["report", "draft"]);
  expect(handedIn()[1]).toMatchObject({
    record_id: draft_id,
    area_id: AREA,
    form: { full_name: "Setengah" },
  });
  expect(await left()).toEqual([0, 0, 0]);
  expect(await phone()).toMatchObject({ leaving: "heard", enrolled: false, scope: null, secret: "" });
  expect(server.requests[server.requests.length - 1]?.wiped).toBe(true);
  expect(JSON.stringify(await db.meta.toArray())).not.toMatch(/Wayan|Palmerah/);
});

test("D2 nothing is deleted while one mutation was not answered", async () => {
  await capture("Rahim");
  await capture("Aung");
  server.instead.push(
    () => null,
    () => new Response("{}", { status: 503 }),
  );
  await draft("0190b5a0-0000-7000-8000-0000000000d1", "Setengah");
  expect(await exchange(db, ports)).toBe("failed");
  expect((await phone()).leaving).toBe("handing_in");
  expect((await left())[1]).toBe(3);
  db.close();
  await db.open();
  expect(await exchange(db, ports, true)).toBe("done");
  expect(new Set(handedIn().map(({ mutation_id }) => mutation_id)).size).toBe(3);
  expect(await left()).toEqual([0, 0, 0]);
});

test("D2 a phone that dies before the server heard it says so again, until it is heard or not known", async () => {
  await fileNil(db, [AREA], NOON);
  server.instead.push(
    () => null,
    () => Promise.reject(new TypeError("network changed")),
  );
  expect(await exchange(db, ports)).toBe("failed");
  expect(await phone()).toMatchObject({ leaving: "wiped", enrolled: true });
  expect(await left()).toEqual([0, 0, 0]);
  db.close();
  await db.open();
  server.instead.push(() => Response.json({ code: "unauthorized" }, { status: 401 }));
  expect(await exchange(db, ports, true)).toBe("done");
  expect((await phone()).leaving).toBe("heard");
  expect(await exchange(db, ports, true)).toBe("not_enrolled");
});

test("D2 what is written while the phone hands in is handed in, too", async () => {
  await capture("Rahim");
  server.instead.push(
    () => null,
    () => {
      void capture("Aung");
      return null;
    },
  );
  await draft("0190b5a0-0000-7000-8000-0000000000d1", "Setengah");
  await exchange(db, ports);
  expect(handedIn()).toHaveLength(3);
});

test("D2 a mere 401 deletes nothing", async () => {
  await capture("Rahim");
  await draft("0190b5a0-0000-7000-8000-0000000000d1", "Setengah");
  server.instead.push(() => Response.json({ code: "unauthorized" }, { status: 401 }));
  await exchange(db, ports);
  expect(await left()).toEqual([1, 1, 1]);
  expect((await phone()).leaving ?? null).toBeNull();
});

test("D2 a phone that is not known any more before it has handed in all keeps what it has", async () => {
  await capture("Rahim");
  await draft("0190b5a0-0000-7000-8000-0000000000d1", "Setengah");
  server.instead.push(
    () => null,
    () => Response.json({ code: "unauthorized" }, { status: 401 }),
  );
  expect(await exchange(db, ports)).toBe("failed");
  expect((await left())[1]).toBe(2);
});

test("D1 what a revoked phone is told besides changes nothing on it", async () => {
  server.revoked = false;
  const id = await capture("Rahim");
  await exchange(db, ports);
  server.says = () => ({ standing: { state: "revoked", lease_until: NOON }, scope: { ...SCOPE, areas: [] } });
  server.instead.push(
    () => null,
    () => new Response("{}", { status: 503 }),
  );
  server.resync = true;
  await draft("0190b5a0-0000-7000-8000-0000000000d1", "Setengah");
  await exchange(db, ports);
  expect((await db.records.get(id))?.server?.version).toBe(1);
  expect((await phone()).scope?.areas).toHaveLength(1);
});

test("D2 M19 the same officer enrols the phone again after it was wiped, and finds what the server has", async () => {
  server.revoked = false;
  const id = await capture("Rahim");
  await exchange(db, ports);
  server.revoked = true;
  await exchange(db, ports);
  expect(await left()).toEqual([0, 0, 0]);
  server.revoked = false;
  await enrolled();
  await exchange(db, ports);
  expect((await db.records.get(id))?.report?.identity.full_name).toBe("Rahim");
  expect(await phone()).toMatchObject({ enrolled: true, leaving: null });
});

test("M19 another phone in place of a lost one shows all that the server acknowledged", async () => {
  server.revoked = false;
  const ids = [await capture("Rahim"), await capture("Aung")];
  await exchange(db, ports);
  await capture("Tidak terkirim");
  db = await enrolledPhone();
  await enrolled();
  await exchange(db, ports);
  expect((await db.records.toArray()).map(({ record_id }) => record_id).sort()).toEqual([...ids].sort());
});

async function enrolled(): Promise<void> {
  vi.stubGlobal("fetch", async () => Response.json({ now: NOON, scope: SCOPE }));
  expect(await enrol(db, "ABCDE-12345", "HP", () => NOON)).toBeNull();
  vi.stubGlobal("fetch", server.fetch);
}
