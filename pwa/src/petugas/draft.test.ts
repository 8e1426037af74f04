import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { OutboxRow, RondaDB } from "../shared/db";
import { exchange } from "../shared/exchange";
import { EMPTY_REPORT, mutationOf, saveReport } from "../shared/outbox";
import { AREA, enrolledPhone, named, NOON, SCOPE, TestPorts, TestServer } from "../shared/phone.fixture";
import type { Code, Report, SaveReport } from "../shared/protocol";
import { keepAgain, openEdit, openNew, type Draft } from "./draft.svelte";
import { Saving } from "./saving.svelte";

const TODAY = "2026-11-23";
const ID = "0190b5a0-0000-7000-8000-0000000000d1";
let db: RondaDB;

beforeEach(async () => {
  db = await enrolledPhone();
});

afterEach(() => vi.unstubAllGlobals());

async function begun(full_name = "Rahim"): Promise<Draft> {
  const draft = (await openNew(db, ID, SCOPE.areas, TODAY, "id"))!;
  Object.assign(draft.form, { full_name, kind: "none", reason: "lost" });
  await draft.keep(TODAY);
  return draft;
}

describe("a draft", () => {
  test("M4 becomes one report, also when two tabs save it", async () => {
    const [one, other] = [await begun(), await begun("Rahim Khan")];
    await one.save();
    await other.save();
    expect(await db.records.toCollection().primaryKeys()).toEqual([ID]);
    expect(await db.outbox.count()).toBe(2);
  });

  test("M4 does not come back by a key that is pressed while it is being saved", async () => {
    const draft = await begun();
    const saved = draft.save();
    await new Promise((turn) => setImmediate(turn));
    await Promise.all([saved, draft.keep(TODAY)]);
    expect(await db.drafts.count()).toBe(0);
  });

  test("is kept again after a save that failed", async () => {
    const draft = await begun();
    db.outbox.hook("creating", () => {
      throw new Error("disk full");
    });
    await expect(draft.save()).rejects.toThrow();
    draft.form.full_name = "Rahim Khan";
    await draft.keep(TODAY);
    expect((await db.drafts.get(ID))?.form["full_name"]).toBe("Rahim Khan");
  });

  test("is not said to be kept while it cannot be written", async () => {
    const draft = await begun();
    const saving = new Saving({ soon: async () => undefined });
    const full = () => {
      throw new DOMException("full", "QuotaExceededError");
    };
    db.drafts.hook("updating", full);
    draft.form.full_name = "Rahim Khan";
    expect(await saving.keep(() => draft.keep(TODAY))).toBe(false);
    expect([draft.kept, saving.failed]).toEqual([false, true]);
    db.drafts.hook("updating").unsubscribe(full);
    expect(await saving.keep(() => draft.keep(TODAY))).toBe(true);
    expect([draft.kept, saving.failed]).toEqual([true, false]);
  });

  test("A3 of an RT that has ended since is one of the officer's only RT, or of the one that is chosen", async () => {
    await begun();
    const [ended] = SCOPE.areas.map((area) => ({ ...area, ended: true }));
    const heirs = ["7", "8"].map((n) => ({ ...SCOPE.areas[0]!, area_id: AREA.slice(0, -1) + n }));
    const opened = async (...open: typeof heirs) =>
      (await openNew(db, ID, [ended!, ...open], TODAY, "id"))!.area_id;
    expect(await opened(heirs[0]!)).toBe(heirs[0]!.area_id);
    expect(await opened(...heirs)).toBe("");
  });

  test("that is opened again when it was saved is the report, to be edited", async () => {
    await (await begun()).save();
    const again = (await openNew(db, ID, SCOPE.areas, TODAY, "id"))!;
    expect([again.record_id, again.form.full_name]).toEqual([ID, "Rahim"]);
  });
});

describe("what was not accepted and is reported again", () => {
  let server: TestServer;

  beforeEach(() => {
    server = new TestServer();
    vi.stubGlobal("fetch", server.fetch);
  });

  /** Saves and sends; the server answers with this code, or accepts. */
  async function sent(base: Report, report: Report, code?: Code): Promise<OutboxRow> {
    await saveReport(db, { record_id: ID, area_id: AREA, base, report, now: NOON });
    const row = (await db.outbox.orderBy("seq").last())!;
    if (code) server.verdicts.set(row.mutation_id, { outcome: "quarantined", code });
    await exchange(db, new TestPorts(), true);
    return (await db.outbox.get(row.seq))!;
  }

  const again = (row: OutboxRow) => keepAgain(db, row, "id", SCOPE.areas);
  const rahim = named("Rahim", { note: "kamar 1" });

  test("is an edit again when it was one, with what was written in the form", async () => {
    await sent(EMPTY_REPORT, rahim);
    const row = await sent(rahim, { ...rahim, note: "kamar 2" }, "text_forbidden");
    expect(await again(row)).toBe(`laporan/${ID}/ubah`);
    const draft = (await openEdit(db, ID, TODAY, "id"))!;
    expect([draft.form.full_name, draft.form.note]).toEqual(["Rahim", "kamar 2"]);
    await draft.save();
    const { record_id, base, changes } = mutationOf((await db.outbox.orderBy("seq").last())!) as SaveReport;
    expect([record_id, base, changes]).toEqual([ID, { note: "kamar 1" }, { note: "kamar 2" }]);
  });

  test("leaves what is being typed into that report as it is", async () => {
    await sent(EMPTY_REPORT, rahim);
    const row = await sent(rahim, { ...rahim, note: "kamar 2" }, "text_forbidden");
    const draft = (await openEdit(db, ID, TODAY, "id"))!;
    draft.form.note = "kamar 3";
    await draft.keep(TODAY);
    await again(row);
    expect((await db.drafts.get(ID))?.form["note"]).toBe("kamar 3");
  });

  test("is a report of its own when it began one, and only one however often", async () => {
    const row = await sent(EMPTY_REPORT, rahim, "text_forbidden");
    const path = await again(row);
    expect(path).toBe(`draf/${row.mutation_id}`);
    await (await openNew(db, row.mutation_id, SCOPE.areas, TODAY, "id"))!.save();
    expect(await again(row)).toBe(path);
    expect(await db.drafts.count()).toBe(0);
    expect(await db.records.toCollection().primaryKeys()).toEqual([ID, row.mutation_id].sort());
  });

  test("is a report of its own when the one before cannot be moved", async () => {
    await sent(EMPTY_REPORT, rahim);
    const row = await sent(rahim, { ...rahim, note: "kamar 2" }, "area_fixed");
    expect(await again(row)).toBe(`draf/${row.mutation_id}`);
  });
});
