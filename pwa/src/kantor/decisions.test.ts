import { expect, test } from "vitest";
import type { QuarantineView, Report } from "../shared/protocol";
import { EMPTY_REPORT } from "../shared/outbox";
import { linesOf } from "./findings";
import { contentOf } from "./quarantine";

const VIEW: QuarantineView = {
  mutation_id: "m1",
  digest: "d1",
  code: "mutation_unreadable",
  author: "Budi Contoh",
  device: "HP",
  areas: [],
  area: null,
  captured_at: 0,
  received_at: 0,
  payload: "",
  follows: false,
};

const content = (payload: unknown) =>
  contentOf({ ...VIEW, payload: typeof payload === "string" ? payload : JSON.stringify(payload) });

test("[M21] what is known of kept data is read, and what is not is left to the bytes", () => {
  const changes = {
    identity: { full_name: "Ana", shoe_size: "42", sex: "" },
    note: "x",
    photos: ["a"],
    hat: {},
  };
  expect(content({ kind: "report", changes })).toEqual({
    kind: "report",
    name: "Ana",
    fields: [
      { field: "identity.full_name", value: "Ana" },
      { field: "note", value: "x" },
    ],
  });
  expect(content({ kind: "remove", base: { identity: { full_name: "Ana" } } }).name).toBe("Ana");
  expect(
    content({ kind: "report", changes: { note: "x" }, base: { identity: { full_name: "Ana" } } }).name,
  ).toBe("Ana");
});

test("[D2] a form that a revoked phone handed in is read as what was typed", () => {
  const form = {
    full_name: "Ana",
    kind: "passport",
    number: "PA1",
    permit_kind: "ITK",
    birth_year: "1990",
    birth_month: "2",
    birth_day: "",
    address: "Jalan Contoh 1",
    note: "",
  };
  expect(content({ kind: "draft", form, photos: [] })).toEqual({
    kind: "draft",
    name: "Ana",
    fields: [
      { field: "identity.full_name", value: "Ana" },
      { field: "identity.birth_date", value: "1990-2" },
      { field: "document.kind", value: "passport" },
      { field: "document.number", value: "PA1" },
      { field: "permit.kind", value: "ITK" },
      { field: "stay.address", value: "Jalan Contoh 1" },
    ],
  });
  expect(content({ kind: "draft", form: 3 }).fields).toEqual([]);
});

test("[M3] a hidden character is shown to be there", () => {
  const changes = { identity: { full_name: "Ana\u202eContoh" } };
  expect(content({ kind: "report", changes }).name).toBe("Ana\ufffdContoh");
});

test.each(["", "{", "null", "[1]", '"x"', '{"kind":"dance"}', '{"kind":7,"changes":{"identity":3}}'])(
  "[M21] bytes that are no mutation are shown as such: %s",
  (payload) => {
    expect(content(payload)).toEqual({ kind: "unknown", name: "", fields: [] });
  },
);

test("[T3] what both reports share is marked, and what is empty is left out", () => {
  const report: Report = {
    ...EMPTY_REPORT,
    identity: { ...EMPTY_REPORT.identity, full_name: "Ana" },
    document: { ...EMPTY_REPORT.document, kind: "passport", number: "PA12345" },
  };
  expect(linesOf(report, ["document"])).toEqual([
    { field: "identity.full_name", value: "Ana", shared: false },
    { field: "document.kind", value: "passport", shared: false },
    { field: "document.number", value: "PA12345", shared: true },
  ]);
});
