import "fake-indexeddb/auto";
import Dexie from "dexie";
import { expect, test } from "vitest";
import { RondaDB } from "./db";

test("a phone of the first version opens with all that it had, and its conflicts are still to be told", async () => {
  const first = new Dexie("upgraded");
  first.version(1).stores({
    records: "record_id, [kind+window]",
    outbox: "++seq, &mutation_id, record_id, status",
    drafts: "draft_id, updated_at",
    meta: "key",
    candidates: "code",
  });
  const outcome = (kind: string, was: string | null = null) => ({ outcome: kind, was, version: 2 });
  const rows = [
    { mutation_id: "a", record_id: "r", status: "acknowledged", outcome: outcome("conflicted") },
    { mutation_id: "b", record_id: "r", status: "acknowledged", outcome: outcome("replayed", "conflicted") },
    { mutation_id: "c", record_id: "r", status: "acknowledged", outcome: outcome("applied") },
    { mutation_id: "d", record_id: "r", status: "new", outcome: null },
  ];
  await first.table("outbox").bulkAdd(rows);
  await first.table("records").add({ record_id: "r", kind: "report", window: "w" });
  await first.table("drafts").add({ draft_id: "d", updated_at: 1 });
  await first.table("meta").add({ key: "phone", secret: "s" });
  await first.table("candidates").add({ code: "c" });
  first.close();
  const db = new RondaDB("upgraded");
  expect((await db.outbox.orderBy("seq").toArray()).map(({ mutation_id }) => mutation_id).join("")).toBe(
    "abcd",
  );
  expect((await db.outbox.where({ disputed: 1 }).primaryKeys()).length).toBe(2);
  const others = [db.records, db.drafts, db.meta, db.candidates];
  expect(await Promise.all(others.map((table) => table.count()))).toEqual([1, 1, 1, 1]);
});
