import { beforeEach, describe, expect, test } from "vitest";
import type { RondaDB } from "./db";
import { changedGroups, EMPTY_REPORT, fileNil, mutationOf, removeReport, saveReport } from "./outbox";
import { AREA, enrolledPhone, named, NOON, OTHER_AREA } from "./phone.fixture";
import type { SaveReport } from "./protocol";

const HOUR = 3_600_000;
let db: RondaDB;

beforeEach(async () => {
  db = await enrolledPhone();
});

const begin = (report = named("Rahim"), now = NOON) =>
  saveReport(db, { record_id: null, area_id: AREA, base: EMPTY_REPORT, report, now });

const outbox = () => db.outbox.orderBy("seq").toArray();
const mutation = async (place: number) => mutationOf((await outbox())[place]!) as SaveReport;

/** As the exchange does when a mutation leaves the phone. */
const send = () => db.outbox.toCollection().modify({ status: "sent" });

describe("a report", () => {
  test("M4 is record and mutation at once, with the base of what was changed and of nothing else", async () => {
    const id = await begin();
    expect((await db.records.get(id))?.report?.identity.full_name).toBe("Rahim");
    const { base, changes, captured_at } = await mutation(0);
    expect(changes).toEqual({ identity: { ...EMPTY_REPORT.identity, full_name: "Rahim" } });
    expect(base).toEqual({ identity: EMPTY_REPORT.identity });
    expect(captured_at).toBe(NOON);
  });

  test("M4 is neither record nor mutation when the transaction fails", async () => {
    db.records.hook("creating", () => {
      throw new Error("disk full");
    });
    await expect(begin()).rejects.toThrow();
    expect(await db.outbox.count()).toBe(0);
    expect(await db.records.count()).toBe(0);
  });

  test("M4 takes its draft away in the same transaction", async () => {
    const draft = {
      draft_id: "d",
      record_id: null,
      area_id: AREA,
      form: {},
      base: EMPTY_REPORT,
      updated_at: NOON,
    };
    await db.drafts.add(draft);
    await saveReport(db, {
      record_id: null,
      area_id: AREA,
      base: EMPTY_REPORT,
      report: named("A"),
      now: NOON,
      draft_id: "d",
    });
    expect(await db.drafts.count()).toBe(0);
    expect(await db.outbox.count()).toBe(1);
  });

  test("M6 an edit of what was sent is a mutation of its own, whose base is what the phone knew", async () => {
    const id = await begin();
    await send();
    const first = (await outbox())[0]!;
    await saveReport(db, {
      record_id: id,
      area_id: AREA,
      base: named("Rahim"),
      report: named("Rahim Khan"),
      now: NOON,
    });
    expect(await outbox()).toHaveLength(2);
    expect((await outbox())[0]).toEqual(first);
    expect((await mutation(1)).base.identity?.full_name).toBe("Rahim");
    expect((await db.records.get(id))?.report?.identity.full_name).toBe("Rahim Khan");
  });

  test("M6 edits that were never sent share a mutation: the older base, the id of the first, the latest capture", async () => {
    const id = await begin();
    const first = await mutation(0);
    const report = named("Rahim Khan", { note: "kamar 2" });
    await saveReport(db, { record_id: id, area_id: AREA, base: named("Rahim"), report, now: NOON + 60_000 });
    expect(await outbox()).toHaveLength(1);
    const folded = await mutation(0);
    expect(folded.mutation_id).toBe(first.mutation_id);
    expect(folded.base).toEqual({ identity: EMPTY_REPORT.identity, note: "" });
    expect(folded.changes).toEqual({ identity: report.identity, note: "kamar 2" });
    expect(folded.captured_at).toBe(NOON + 60_000);
  });

  test("W6 edits in two windows stay two mutations, as each fulfils its own", async () => {
    const id = await begin();
    await saveReport(db, {
      record_id: id,
      area_id: AREA,
      base: named("Rahim"),
      report: named("Rahim Khan"),
      now: NOON + 4 * HOUR,
    });
    expect(await outbox()).toHaveLength(2);
  });

  test("M8 an edit that did not see the one before is not folded into it", async () => {
    const id = await begin();
    const unseen = {
      record_id: id,
      area_id: AREA,
      base: named("Lain"),
      report: named("Rahim Khan"),
      now: NOON,
    };
    await saveReport(db, unseen);
    expect(await outbox()).toHaveLength(2);
    expect((await mutation(1)).base.identity?.full_name).toBe("Lain");
  });

  test("M6 saving without a change writes no mutation", async () => {
    const id = await begin();
    await saveReport(db, {
      record_id: id,
      area_id: AREA,
      base: named("Rahim"),
      report: named("Rahim"),
      now: NOON,
    });
    expect(await outbox()).toHaveLength(1);
  });

  test("M12 an edit of what was refused carries the whole report, as the server knows nothing of it", async () => {
    const id = await begin();
    await db.outbox.toCollection().modify({ status: "quarantined" });
    const edit = { record_id: id, area_id: AREA, base: named("Rahim"), now: NOON };
    await saveReport(db, { ...edit, report: named("Rahim") });
    expect(await outbox()).toHaveLength(1);
    await saveReport(db, { ...edit, report: named("Rahim", { note: "kamar 2" }) });
    const { base, changes } = await mutation(1);
    expect(changes).toEqual({ identity: named("Rahim").identity, note: "kamar 2" });
    expect(base).toEqual({ identity: EMPTY_REPORT.identity, note: "" });
  });

  test("M11 a removal carries all groups that the phone knew, once", async () => {
    const id = await begin();
    await removeReport(db, id, NOON);
    await removeReport(db, id, NOON);
    expect(await outbox()).toHaveLength(2);
    expect((await mutation(1)).base).toEqual(named("Rahim"));
    expect((await db.records.get(id))?.removed).toBe(true);
  });
});

describe("a nil", () => {
  test("W6 is filed once for an RT and window, also when tapped twice", async () => {
    expect(await fileNil(db, [AREA, OTHER_AREA], NOON)).toBe(2);
    expect(await fileNil(db, [AREA, OTHER_AREA], NOON + 1000)).toBe(0);
    expect(await db.outbox.count()).toBe(2);
  });

  test("W6 is filed again where the one before was refused", async () => {
    await fileNil(db, [AREA], NOON);
    await db.outbox.toCollection().modify({ status: "quarantined" });
    expect(await fileNil(db, [AREA], NOON + 1000)).toBe(1);
    expect(await fileNil(db, [AREA], NOON + 2000)).toBe(0);
  });

  test("W6 is filed again in the next window", async () => {
    await fileNil(db, [AREA], NOON);
    expect(await fileNil(db, [AREA], NOON + 4 * HOUR)).toBe(1);
  });
});

test("M6 groups are compared by value, whatever the order of their fields", () => {
  const stay = Object.fromEntries(Object.entries(EMPTY_REPORT.stay).reverse()) as typeof EMPTY_REPORT.stay;
  expect(changedGroups(EMPTY_REPORT, { ...EMPTY_REPORT, stay })).toEqual({});
});
