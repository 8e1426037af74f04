import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import type { RecordRow } from "./db";
import { EMPTY_REPORT } from "./outbox";
import { AREA, NOON } from "./phone.fixture";
import type { Groups, Report } from "./protocol";
import { keysOf, normalNumber, normalWords, twinsOf, type Keys } from "./twins";

interface Vectors {
  words: [string, string][];
  numbers: [string, string][];
  keys: { name: string; report: Groups; keys: Keys }[];
}

const path = fileURLToPath(new URL("../../../tests/sync/twins.json", import.meta.url));
const vectors = JSON.parse(readFileSync(path, "utf-8")) as Vectors;

function whole(groups: Groups): Report {
  const { identity, document, stay } = groups;
  return {
    ...EMPTY_REPORT,
    identity: { ...EMPTY_REPORT.identity, ...identity },
    document: { ...EMPTY_REPORT.document, ...document },
    stay: { ...EMPTY_REPORT.stay, ...stay },
  };
}

describe("as the server compares", () => {
  test.each(vectors.words)("T1 the name %j", (typed, normal) =>
    expect(normalWords(typed)).toBe(normal.normalize("NFKD")),
  );
  test.each(vectors.numbers)("T1 the number %j", (typed, normal) => expect(normalNumber(typed)).toBe(normal));
  test.each(vectors.keys)("T1 $name", ({ report, keys }) => expect(keysOf(whole(report))).toEqual(keys));
});

describe("what the phone holds", () => {
  const identity = { full_name: "Rahim Khan", birth_date: "1990-02-03", nationality: "AFG" } as const;
  const person = (over: Partial<Report["identity"]> = {}) =>
    whole({ identity: { ...EMPTY_REPORT.identity, ...identity, ...over } });
  const row = (record_id: string, report: Report, removed = false): RecordRow => ({
    ...{
      record_id,
      area_id: AREA,
      kind: "report",
      server: null,
      window: "",
      changed_at: NOON,
      generation: 1,
    },
    ...{ report, removed },
  });
  const found = (records: RecordRow[]) => twinsOf(person(), "own", records).map(({ record_id }) => record_id);

  test("T2 offers the same name, birth date and nationality, however it was written", () => {
    expect(
      found([row("a", person({ full_name: "KHAN, Rahím" })), row("b", person({ full_name: "Aung" }))]),
    ).toEqual(["a"]);
  });

  test("T2 offers neither the report itself, nor what was removed, nor who has left", () => {
    const left = { ...person(), stay: { ...EMPTY_REPORT.stay, departure: "2026-11-20" } };
    expect(found([row("own", person()), row("a", person(), true), row("b", left)])).toEqual([]);
  });

  test("T2 says nothing of a report of which too little is known", () => {
    expect(twinsOf(EMPTY_REPORT, "own", [row("a", EMPTY_REPORT)])).toEqual([]);
  });
});
