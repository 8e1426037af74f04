import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { RondaDB } from "./db";
import { exchange } from "./exchange";
import { EMPTY_REPORT, fileNil, removeReport, saveReport } from "./outbox";
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
const phone = async () => (await db.meta.get("phone"))!;
const name = async (id: string) => (await db.records.get(id))?.report?.identity.full_name;
const mutationId = async (record_id: string) => (await db.outbox.get({ record_id }))!.mutation_id;

/** A change that somebody else made on the server. */
function elsewhere(record_id: string, over: Partial<ReportChange>): void {
  const known = server.records.get(record_id) as ReportChange;
  server.records.set(record_id, { ...known, version: known.version + 1, ...over });
}

describe("sending", () => {
  test("M1 sends all that waits and takes what the server says", async () => {
    const id = await capture("Rahim");
    await fileNil(db, [AREA], NOON);
    expect(await exchange(db, ports)).toBe("done");
    expect(await statuses()).toEqual(["acknowledged", "acknowledged"]);
    expect((await db.records.get(id))?.server?.version).toBe(1);
    expect((await phone()).cursor).toBe("c1");
  });

  test("M1 sends no more than 200 mutations in one request", async () => {
    for (let i = 0; i < 201; i++) await capture(`Orang ${i}`);
    await exchange(db, ports);
    expect(server.received.map((bodies) => bodies.length)).toEqual([200, 1]);
  });

  test("M1 sends no more than 256 KiB in one request", async () => {
    const note = "ا".repeat(2000);
    const wide = named("Rahim", { note });
    for (let i = 0; i < 80; i++) {
      await saveReport(db, { record_id: null, area_id: AREA, base: EMPTY_REPORT, report: wide, now: NOON });
    }
    await exchange(db, ports);
    const sizes = server.received.map((bodies) => new TextEncoder().encode(bodies.join(",")).length);
    expect(sizes.length).toBeGreaterThan(1);
    expect(Math.max(...sizes)).toBeLessThan(256 * 1024);
    expect(server.records.size).toBe(80);
  });

  test("M5 a lost answer is made good by the same bytes once more", async () => {
    await capture("Rahim");
    server.losing = 1;
    expect(await exchange(db, ports)).toBe("failed");
    expect(await statuses()).toEqual(["sent"]);
    ports.time += DAY;
    expect(await exchange(db, ports)).toBe("done");
    expect(server.received[1]).toEqual(server.received[0]);
    expect(server.records.size).toBe(1);
    expect(await statuses()).toEqual(["acknowledged"]);
  });

  test("M5 what was sent never changes, also when the browser dies in between: a later edit goes by itself", async () => {
    const id = await capture("Rahim");
    server.losing = 1;
    await exchange(db, ports);
    db.close();
    await db.open();
    await saveReport(db, {
      record_id: id,
      area_id: AREA,
      base: named("Rahim"),
      report: named("Rahim Khan"),
      now: NOON,
    });
    await exchange(db, ports, true);
    expect(server.received[1]![0]).toBe(server.received[0]![0]);
    expect(server.received[1]).toHaveLength(2);
    expect((server.records.get(id) as ReportChange).report.identity.full_name).toBe("Rahim Khan");
  });

  test("M5 two tabs send once", async () => {
    await capture("Rahim");
    await Promise.all([exchange(db, ports), exchange(db, ports)]);
    expect(server.received.flat()).toHaveLength(1);
  });

  test("M5 what is saved while an answer is awaited goes in the same run", async () => {
    await capture("Rahim");
    server.instead.push(() => {
      void capture("Aung");
      return null;
    });
    expect(await exchange(db, ports)).toBe("done");
    expect(server.records.size).toBe(2);
  });
});

describe("a failure", () => {
  test("M15 keeps everything and waits longer each time", async () => {
    await capture("Rahim");
    server.down = true;
    ports.chance = 0.5;
    await exchange(db, ports);
    const first = (await phone()).not_before - ports.time;
    expect(await exchange(db, ports)).toBe("waiting");
    ports.time = (await phone()).not_before;
    await exchange(db, ports);
    expect((await phone()).not_before - ports.time).toBe(2 * first);
    expect(await statuses()).toEqual(["sent"]);
  });

  test("M15 the officer's own wish does not wait", async () => {
    await capture("Rahim");
    server.down = true;
    await exchange(db, ports);
    server.down = false;
    expect(await exchange(db, ports, true)).toBe("done");
  });

  test("M15 a pause that a wrong clock wrote does not hold for ever", async () => {
    await capture("Rahim");
    await db.meta.update("phone", { not_before: NOON + 365 * DAY });
    expect(await exchange(db, ports)).toBe("done");
  });

  test("M15 an overloaded server is left alone as long as it asks", async () => {
    await capture("Rahim");
    server.instead.push(() => new Response("{}", { status: 503, headers: { "Retry-After": "90" } }));
    await exchange(db, ports);
    expect(await phone()).toMatchObject({ not_before: ports.time + 90_000, problem: "server_busy" });
    expect(await statuses()).toEqual(["sent"]);
  });

  test("M15 the login page of a hotspot acknowledges nothing", async () => {
    await capture("Rahim");
    server.instead.push(() => new Response("<html>login</html>"));
    expect(await exchange(db, ports)).toBe("failed");
    expect(await statuses()).toEqual(["sent"]);
    expect((await phone()).problem).toBe("unreachable");
  });

  test("M15 a mutation to be retried is kept, and the others go on", async () => {
    const id = await capture("Rahim");
    await capture("Aung");
    server.verdicts.set(await mutationId(id), { outcome: "retry", code: null });
    expect(await exchange(db, ports)).toBe("failed");
    expect(await statuses()).toEqual(["sent", "acknowledged"]);
  });

  test("M19 a phone that is not known any more keeps its data and says so", async () => {
    await capture("Rahim");
    server.instead.push(() => Response.json({ code: "unauthorized" }, { status: 401 }));
    await exchange(db, ports);
    expect((await phone()).problem).toBe("unauthorized");
    expect(await statuses()).toEqual(["sent"]);
  });

  test("M20 an app that is too new for the server keeps its data and says so", async () => {
    server.instead.push(() => Response.json({ code: "protocol_unsupported" }, { status: 400 }));
    await exchange(db, ports);
    expect((await phone()).problem).toBe("protocol_unsupported");
  });

  test("M2 a request refused as a whole is halved until the one to blame is alone; it stays, the others go", async () => {
    const names = ["A", "B", "racun", "D", "E"];
    for (const each of names) await capture(each);
    const refusing = (bodies: string[]) =>
      bodies.some((body) => body.includes("racun"))
        ? Response.json({ code: "request_invalid" }, { status: 400 })
        : null;
    for (let i = 0; i < 20; i++) server.instead.push(refusing);
    expect(await exchange(db, ports)).toBe("failed");
    expect(server.records.size).toBe(4);
    expect((await statuses()).filter((status) => status === "sent")).toHaveLength(1);
  });
});

describe("an outcome", () => {
  test("F7 an answer that finds the disk full takes the room of photos that were sent", async () => {
    await capture("Rahim");
    const photo = { sha256: "0".repeat(64), bytes: new ArrayBuffer(9), type: "image/webp", at: NOON };
    await db.photos.put({ ...photo, state: "sent" });
    db.records.hook("updating", () => {
      if (full) throw new Error("disk full");
    });
    let full = true;
    db.photos.hook("deleting", () => void (full = false));
    expect(await exchange(db, ports)).toBe("done");
    expect(await statuses()).toEqual(["acknowledged"]);
  });

  test("M2 a quarantined mutation is kept with its words and stays in sight", async () => {
    const id = await capture("Rahim");
    server.verdicts.set(await mutationId(id), { outcome: "quarantined", code: "area_out_of_scope" });
    expect(await exchange(db, ports)).toBe("done");
    expect(await statuses()).toEqual(["quarantined"]);
    expect((await db.outbox.toArray())[0]!.outcome?.code).toBe("area_out_of_scope");
    expect(await name(id)).toBe("Rahim");
  });

  test("M5 a replayed mutation ends as it did the first time", async () => {
    const id = await capture("Rahim");
    server.verdicts.set(await mutationId(id), { outcome: "rejected", code: "mutation_id_reused" });
    server.losing = 1;
    await exchange(db, ports);
    await exchange(db, ports, true);
    expect(await statuses()).toEqual(["rejected"]);
  });

  test("M9 a merged report shows what the server made of it", async () => {
    const id = await capture("Rahim");
    await exchange(db, ports);
    elsewhere(id, { report: named("Rahim", { note: "dari kelurahan" }), conflicts: 1 });
    await exchange(db, ports);
    const record = (await db.records.get(id))!;
    expect(record.report?.note).toBe("dari kelurahan");
    expect(record.server?.kind === "report" && record.server.conflicts).toBe(1);
  });

  test("M6 what waits is shown over what the server says, group by group", async () => {
    const id = await capture("Rahim");
    await exchange(db, ports);
    await saveReport(db, {
      record_id: id,
      area_id: AREA,
      base: named("Rahim"),
      report: named("Rahim Khan"),
      now: NOON,
    });
    elsewhere(id, { report: named("Rahim", { note: "dari kelurahan" }) });
    server.verdicts.set((await db.outbox.toArray())[1]!.mutation_id, { outcome: "retry", code: null });
    await exchange(db, ports);
    expect(await name(id)).toBe("Rahim Khan");
    expect((await db.records.get(id))?.report?.note).toBe("dari kelurahan");
  });

  test("M11 a removed report is gone from the list once the server says so", async () => {
    const id = await capture("Rahim");
    await exchange(db, ports);
    await removeReport(db, id, NOON);
    await exchange(db, ports);
    expect((await db.records.get(id))?.removed).toBe(true);
  });
});
