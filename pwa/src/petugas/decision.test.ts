import { expect, test } from "vitest";
import type { OutboxRow } from "../shared/db";
import { markDecisionRead, EMPTY_REPORT, saveReport } from "../shared/outbox";
import { AREA, enrolledPhone, named, NOON } from "../shared/phone.fixture";
import type { Report, ReportChange } from "../shared/protocol";
import { decisionOf } from "./decision";
import { stateOf } from "./state";

function server(report: Report, over: Partial<ReportChange> = {}): ReportChange {
  const ids = { record_id: "r", area_id: AREA, version: 3, window: "2026-11-23/siang", captured_at: NOON };
  return { kind: "report", ...ids, report, removed: false, conflicts: 0, batch: null, ...over };
}

function disputed(changes: Partial<Report>, kind = "report"): OutboxRow {
  const outcome = {
    mutation_id: "m",
    outcome: "conflicted",
    version: 2,
    window: "",
    was: null,
    code: null,
  } as const;
  const body = JSON.stringify({ kind, changes });
  const ids = { seq: 1, mutation_id: "m", record_id: "r", answered_at: NOON, seen: false };
  return { ...ids, status: "acknowledged", body, outcome, disputed: 1 };
}

const own = { identity: named("Rahim Khan").identity, note: "kamar 2" };

test("M14 tells which of the officer's own values stood, which did not, and what is there instead", () => {
  const decided = decisionOf({ server: server(named("Rahim", { note: "kamar 2" })) }, [disputed(own)]);
  expect(decided).toEqual({
    stood: { note: "kamar 2" },
    fell: { identity: own.identity },
    instead: { identity: named("Rahim").identity },
    wished: false,
    removed: false,
  });
});

test("M14 says nothing while a conflict is open, or before the server's word is newer than it", () => {
  const rows = [disputed(own)];
  expect(decisionOf({ server: server(named("Rahim"), { conflicts: 1 }) }, rows)).toBeNull();
  expect(decisionOf({ server: server(named("Rahim"), { version: 2 }) }, rows)).toBeNull();
  expect(decisionOf({ server: server(named("Rahim")) }, [])).toBeNull();
});

test("M14 tells of a removal that was wished or decided", () => {
  const wish = [disputed({}, "remove")];
  expect(decisionOf({ server: server(named("Rahim")) }, wish)).toMatchObject({
    wished: true,
    removed: false,
  });
  const removed = server(named("Rahim"), { removed: true });
  expect(decisionOf({ server: removed }, [disputed(own)])).toMatchObject({ wished: false, removed: true });
});

test("M14 a decided report is marked in the list until it was read", async () => {
  const db = await enrolledPhone();
  const save = { record_id: null, area_id: AREA, base: EMPTY_REPORT, report: named("Rahim"), now: NOON };
  const record_id = await saveReport(db, save);
  const { outcome } = disputed(own);
  await db.outbox.where({ record_id }).modify({ status: "acknowledged", outcome, disputed: 1 });
  await db.records.update(record_id, { server: server(named("Rahim")) });
  const state = async () =>
    stateOf((await db.records.get(record_id))!, await db.outbox.where({ record_id }).toArray()).is;
  expect(await state()).toBe("decided");
  await markDecisionRead(db, record_id);
  expect(await state()).toBe("sent");
  expect(await db.outbox.count()).toBe(1);
});
