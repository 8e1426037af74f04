import { afterEach, expect, test, vi } from "vitest";
import { heardAreas } from "./state";
import { exchange } from "../shared/exchange";
import { EMPTY_REPORT, saveReport } from "../shared/outbox";
import { AREA, enrolledPhone, named, NOON, TestPorts, TestServer } from "../shared/phone.fixture";

afterEach(() => vi.unstubAllGlobals());

test("W6 a late change of an earlier window takes back nothing that was heard in this one", async () => {
  const [db, ports, server] = [await enrolledPhone(), new TestPorts(), new TestServer()];
  vi.stubGlobal("fetch", server.fetch);
  const report = named("Rahim");
  const id = await saveReport(db, { record_id: null, area_id: AREA, base: EMPTY_REPORT, report, now: NOON });
  await exchange(db, ports);
  for (const version of [2, 3]) {
    const late = { ...server.records.get(id)!, version, window: "2026-11-23/pagi" };
    server.records.set(id, late);
    await exchange(db, ports);
  }
  const heard = heardAreas(await db.records.toArray(), [], "2026-11-23/siang");
  expect(heard.get(AREA)).toEqual({ by: "report", confirmed: true });
  ports.time += 4 * 3_600_000;
  await exchange(db, ports);
  expect(heardAreas(await db.records.toArray(), [], "2026-11-23/malam").size).toBe(0);
});
