import { beforeEach, describe, expect, test } from "vitest";
import type { RondaDB } from "../shared/db";
import { AREA, enrolledPhone } from "../shared/phone.fixture";
import { openNew, type Draft } from "./draft.svelte";

const TODAY = "2026-11-23";
const ID = "0190b5a0-0000-7000-8000-0000000000d1";
let db: RondaDB;

beforeEach(async () => {
  db = await enrolledPhone();
});

async function begun(full_name = "Rahim"): Promise<Draft> {
  const draft = (await openNew(db, ID, AREA, TODAY, "id"))!;
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

  test("that is opened again when it was saved is the report, to be edited", async () => {
    await (await begun()).save();
    const again = (await openNew(db, ID, AREA, TODAY, "id"))!;
    expect([again.record_id, again.form.full_name]).toEqual([ID, "Rahim"]);
  });
});
