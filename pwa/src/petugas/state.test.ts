import { describe, expect, test } from "vitest";
import type { OutboxRow, RecordRow } from "../shared/db";
import { EMPTY_REPORT } from "../shared/outbox";
import { AREA, named, NOON, OTHER_AREA } from "../shared/phone.fixture";
import type { ReportChange } from "../shared/protocol";
import { heardAreas, heardTone, inOrder, ownDiffering, stateOf, stayingIn } from "./state";
import { en } from "./texts.en";
import { id } from "./texts.id";

const WINDOW = "2026-11-23/siang";

function onServer(over: Partial<ReportChange> = {}): ReportChange {
  const common = { record_id: "r", area_id: AREA, version: 1, window: WINDOW, captured_at: NOON };
  return {
    kind: "report",
    ...common,
    report: EMPTY_REPORT,
    removed: false,
    conflicts: 0,
    batch: null,
    ...over,
  };
}

function record(server: RecordRow["server"], over: Partial<RecordRow> = {}): RecordRow {
  const common = { record_id: "r", area_id: AREA, report: EMPTY_REPORT, removed: false };
  return { ...common, kind: "report", server, window: WINDOW, changed_at: NOON, generation: 1, ...over };
}

function row(status: OutboxRow["status"], over: Partial<OutboxRow> = {}): OutboxRow {
  const ids = { seq: 1, mutation_id: "m", record_id: "r" };
  return { ...ids, status, body: "{}", outcome: null, answered_at: null, seen: false, ...over };
}

describe("the state of a report", () => {
  const batch = { window: WINDOW, part: 0, hash: "0".repeat(64) };

  test("waits while one mutation was not answered, whatever the server said before", () => {
    expect(stateOf(record(null), [row("new")]).is).toBe("waiting");
    expect(stateOf(record(onServer({ batch })), [row("sent")]).is).toBe("waiting");
  });

  test("is sent only when the server has it and nothing waits", () => {
    expect(stateOf(record(onServer()), []).is).toBe("sent");
    expect(stateOf(record(null), []).is).toBe("waiting");
  });

  test("B4 names the batch that holds its present version", () => {
    expect(stateOf(record(onServer({ batch })), [])).toEqual({ is: "batched", batch });
  });

  test("M8 says that data differ, before it says that they are sent", () => {
    expect(stateOf(record(onServer({ conflicts: 1, batch })), []).is).toBe("differs");
  });

  test("M2 says that it was not accepted until it was read, and for ever where the server has nothing", () => {
    expect(stateOf(record(onServer()), [row("quarantined")]).is).toBe("refused");
    expect(stateOf(record(onServer()), [row("quarantined", { seen: true })]).is).toBe("sent");
    expect(stateOf(record(null), [row("rejected", { seen: true })]).is).toBe("refused");
  });
});

test("M8 what this phone wrote and the server did not take is shown beside it", () => {
  const changes = { identity: named("Rahim Khan").identity };
  const outcome = {
    mutation_id: "m",
    outcome: "conflicted",
    version: 2,
    window: WINDOW,
    was: null,
    code: null,
  } as const;
  const body = JSON.stringify({ kind: "report", changes });
  expect(ownDiffering(named("Rahim"), [row("acknowledged", { body, outcome })])).toEqual(changes);
  expect(ownDiffering(named("Rahim"), [row("acknowledged", { body })])).toEqual({});
});

test("W6 an RT is heard of by a nil or a report of the window, but not by what was refused", () => {
  const nil = record(null, { kind: "nil", record_id: "n", area_id: OTHER_AREA });
  const other = record(onServer(), { window: "2026-11-23/pagi" });
  expect([...heardAreas([record(null), nil, other], [], WINDOW)]).toEqual([
    [AREA, { by: "report", confirmed: false }],
    [OTHER_AREA, { by: "nil", confirmed: false }],
  ]);
  expect(heardAreas([nil], [row("quarantined", { record_id: "n" })], WINDOW).size).toBe(0);
});

test("W6 an RT heard of is green only when the server said so and nothing of it waits", () => {
  const tone = (server: RecordRow["server"], rows: OutboxRow[]) => {
    const heard = heardAreas([record(server)], rows, WINDOW);
    return heardTone([heard.get(AREA)]);
  };
  expect(tone(null, [row("new")])).toBe("wait");
  expect(tone(null, [row("sent")])).toBe("wait");
  expect(tone(onServer(), [row("new")])).toBe("wait");
  expect(tone(onServer(), [])).toBe("done");
  expect(heardTone([{ by: "nil", confirmed: true }, undefined])).toBe("wait");
});

describe("a nil", () => {
  const away = (departure: string) =>
    record(onServer(), { report: { ...EMPTY_REPORT, stay: { ...EMPTY_REPORT.stay, departure } } });

  test("W6 counts those who stay: neither removed, nor gone, nor refused", () => {
    const removed = record(onServer(), { removed: true });
    const refused = record(null, { record_id: "refused" });
    const all = [record(null), away("2026-11-24"), away("2026-11-23"), removed, refused];
    const rows = [row("quarantined", { record_id: "refused" })];
    expect([...stayingIn(all, rows, "2026-11-23")]).toEqual([[AREA, 2]]);
  });

  test("W6 never says that nobody is there while somebody stays", () => {
    expect(id.nil.action(2)).toBe("Tidak ada perubahan – 2 orang asing masih menginap");
    expect(en.nil.action(1)).toBe("No change – 1 foreigner still staying");
    expect(id.window.heardNil(2)).toBe("Sudah lapor: tidak ada perubahan");
    expect(en.window.heardNil(2)).toBe("Reported: no change");
    expect([id.nil.action(0), en.nil.action(0)]).toEqual([
      "Nihil – tidak ada orang asing",
      "Nil – no foreigners",
    ]);
  });

  test("for several RTs is worded for those with somebody and those with nobody", () => {
    for (const { nil } of [id, en]) expect(nil.some(2) + nil.heading).not.toMatch(/orang asing|foreigner/);
  });
});

test("those who are still here come before those who left", () => {
  const left = { ...EMPTY_REPORT, stay: { ...EMPTY_REPORT.stay, departure: "2026-11-20" } };
  const gone = record(null, { record_id: "gone", report: left, changed_at: NOON + 1 });
  expect(inOrder([gone, record(null)]).map((each) => each.record_id)).toEqual(["r", "gone"]);
});
