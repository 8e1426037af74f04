// What the server refuses or does not settle: it stays on the phone, and holds nothing else up (SPEC M2, M12, M20).
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { RondaDB } from "./db";
import { exchange } from "./exchange";
import { EMPTY_REPORT, mutationOf, saveReport } from "./outbox";
import { AREA, enrolledPhone, named, NOON, TestPorts, TestServer } from "./phone.fixture";
import type { Outcome, SaveReport } from "./protocol";

const HOUR = 3_600_000;
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
  saveReport(db, { record_id: null, area_id: AREA, base: EMPTY_REPORT, report: named(name), now: NOON });

const outbox = () => db.outbox.orderBy("seq").toArray();

/** As a server does that cannot read a request at all. */
function refuseWhole(word: string, times: number): void {
  const refusal = () => Response.json({ code: "request_invalid" }, { status: 400 });
  for (let i = 0; i < times; i++) {
    server.instead.push((bodies) => (bodies.some((body) => body.includes(word)) ? refusal() : null));
  }
}

test("M2 what is refused whole at the head holds nothing up that waits behind it", async () => {
  for (let i = 0; i < 9; i++) await capture(i < 8 ? "racun" : "baik");
  refuseWhole("racun", 100);
  expect(await exchange(db, ports)).toBe("failed");
  expect(server.records.size).toBe(0);
  expect(await exchange(db, ports, true)).toBe("failed");
  expect(server.records.size).toBe(1);
  server.instead.length = 0;
  expect(await exchange(db, ports, true)).toBe("done");
  expect(server.records.size).toBe(9);
});

test("M20 an outcome of a newer server that this app does not know is asked for again", async () => {
  await capture("Rahim");
  const [row] = await outbox();
  server.verdicts.set(row!.mutation_id, { outcome: "deferred" as Outcome["outcome"], code: null });
  expect(await exchange(db, ports)).toBe("failed");
  expect((await outbox()).map((each) => each.status)).toEqual(["sent"]);
  server.verdicts.clear();
  server.outcomes.clear();
  expect(await exchange(db, ports, true)).toBe("done");
});

test("M12 an edit that waits behind a refused capture goes with the whole report", async () => {
  const record_id = await capture("Rahim");
  const [first] = await outbox();
  server.verdicts.set(first!.mutation_id, { outcome: "quarantined", code: "text_forbidden" });
  const edit = { record_id, area_id: AREA, base: named("Rahim"), now: NOON + 4 * HOUR };
  server.instead.push(() => {
    void saveReport(db, { ...edit, report: named("Rahim", { note: "kamar 2" }) });
    return null;
  });
  await exchange(db, ports);
  const { changes, base } = mutationOf((await outbox())[1]!) as SaveReport;
  expect(changes).toEqual({ identity: named("Rahim").identity, note: "kamar 2" });
  expect(base).toEqual({ identity: EMPTY_REPORT.identity, note: "" });
  const known = server.records.get(record_id);
  expect(known?.kind === "report" && known.report.identity.full_name).toBe("Rahim");
});
