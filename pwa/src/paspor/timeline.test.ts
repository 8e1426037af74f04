import { expect, test } from "vitest";
import { application } from "./paspor.fixture";
import { collectBy, linesOf } from "./timeline";

const shown = (...args: Parameters<typeof application>): string[] =>
  linesOf(application(...args)).map((line) => [line.when, line.state, line.day].filter(Boolean).join(" "));

test("what was and what is have their days, what comes has the day that is expected", () => {
  expect(shown(["booked", "attended", "processing"])).toEqual([
    "past booked 2016-08-01",
    "past attended 2016-08-02",
    "now processing 2016-08-03",
    "next ready 2016-08-05",
    "next collected",
  ]);
});

test("P3 a day is expected only once the application is paid", () => {
  expect(shown(["booked"], { paid: false })).toContain("next ready");
});

test("off the ordinary way nothing is foretold", () => {
  expect(shown(["booked", "on_hold"])).toEqual(["past booked 2016-08-01", "now on_hold 2016-08-02"]);
});

test("a ready passport is kept thirty days", () => {
  expect(collectBy(application(["booked", "ready"]))).toBe("2016-09-01");
  expect(collectBy(application(["booked", "ready", "collected"]))).toBe("");
});
