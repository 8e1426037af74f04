import { expect, test } from "vitest";
import type { ConflictView, Document, Identity } from "../shared/protocol";
import { differencesOf, isComplete, nameOf, removes, resolutionOf, unitsOf } from "./conflicts";
import { readable } from "./fields";

const IDENTITY: Identity = {
  full_name: "Ana",
  sex: "F",
  birth_date: "1990",
  birth_place: "",
  nationality: "XXB",
};
const DOCUMENT: Document = { kind: "none", number: "", issuing_state: "", expiry: "", reason: "lost" };
const PASSPORT: Document = { kind: "passport", number: "P1", issuing_state: "XXB", expiry: "", reason: "" };

function conflict(changes: Partial<ConflictView> = {}): ConflictView {
  const server = {
    identity: IDENTITY,
    document: DOCUMENT,
    permit: { kind: "", number: "", expiry: "" },
    note: "pindah",
    photos: ["a"],
  } as unknown as ConflictView["server"];
  return {
    conflict_id: "c1",
    record_id: "r1",
    area: { area_id: "a1", rt: "005", rw: "012", kelurahan: "Contoh", kecamatan: "Contoh" },
    opened_at: 0,
    base: {},
    phone: { identity: { ...IDENTITY, birth_date: "1991" }, document: PASSPORT, note: "pindah" },
    server,
    server_version: 3,
    server_removed: false,
    ...changes,
  };
}

test("only groups that differ are to be chosen, and only fields that differ are shown", () => {
  expect(unitsOf(conflict())).toEqual(["identity", "document"]);
  expect(differencesOf(conflict(), "identity")).toEqual([
    { field: "identity.birth_date", phone: "1991", server: "1990" },
  ]);
  expect(nameOf(conflict())).toBe("Ana");
});

test("a choice is complete when each group has its side", () => {
  expect(isComplete(conflict(), { identity: "phone" })).toBe(false);
  expect(isComplete(conflict(), { identity: "phone", document: "server" })).toBe(true);
});

test("M14 a resolution names what was seen, and takes groups of the phone whole", () => {
  expect(resolutionOf(conflict(), { identity: "server", document: "phone" }, "m1", 7)).toEqual({
    kind: "resolve",
    mutation_id: "m1",
    record_id: "r1",
    area_id: "a1",
    captured_at: 7,
    seen_version: 3,
    conflict_ids: ["c1"],
    changes: { document: PASSPORT },
    removed: false,
  });
});

test("a removal by the phone is kept or undone as a whole", () => {
  const removal = conflict({ phone: {} });
  expect(unitsOf(removal)).toEqual(["record"]);
  expect(removes(removal, "phone")).toBe(true);
  expect(resolutionOf(removal, { record: "phone" }, "m1", 7)).toMatchObject({ removed: true, changes: {} });
  expect(resolutionOf(removal, { record: "server" }, "m1", 7)).toMatchObject({ removed: false, changes: {} });
});

test("an edit of a removed report brings it back, or leaves it removed", () => {
  const edit = conflict({ server_removed: true, phone: { document: PASSPORT } });
  const back = resolutionOf(edit, { record: "phone" }, "m1", 7);
  expect(back).toMatchObject({ removed: false, changes: { document: PASSPORT } });
  expect(resolutionOf(edit, { record: "server" }, "m1", 7)).toMatchObject({ removed: true, changes: {} });
});

test("what was chosen from a list is shown in words, days as dates, photos by their number, text as it is", () => {
  expect(readable("document.kind", "unhcr_card")).toBe("Kartu UNHCR");
  expect(readable("stay.lodging_name", "hotel")).toBe("hotel");
  expect(readable("stay.arrival", "2016-08-01")).toBe("1 Agustus 2016");
  expect(readable("photos", ["a", "b"])).toBe("2 foto");
  expect(readable("note", "")).toBe("");
});
