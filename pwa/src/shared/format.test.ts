import { expect, test } from "vitest";
import * as format from "./format";

const FOUR_IN_THE_AFTERNOON = Date.parse("2016-08-01T09:00:00Z");

test("a day is written in the language chosen, and one that is not known stays empty", () => {
  expect(format.formatDay("2016-08-01", "id")).toBe("1 Agustus 2016");
  expect(format.formatDay("2016-08-01", "en")).toBe("1 August 2016");
  expect(format.formatWeekday("2016-08-01", "id")).toBe("Senin, 1 Agustus 2016");
  expect(format.formatDay("", "id")).toBe("");
});

test("an instant is written in the city's time, whatever the device thinks", () => {
  expect(format.formatTime(FOUR_IN_THE_AFTERNOON, "id")).toBe("pukul 16.00 WIB");
  expect(format.formatTime(FOUR_IN_THE_AFTERNOON, "en")).toBe("16:00 WIB");
  expect(format.formatInstant(FOUR_IN_THE_AFTERNOON, "id")).toBe("1 Agustus 2016 pukul 16.00 WIB");
});

test("the city's day begins at its midnight", () => {
  expect(format.dayOf(Date.parse("2026-11-23T16:59:59Z"))).toBe("2026-11-23");
  expect(format.dayOf(Date.parse("2026-11-23T17:00:00Z"))).toBe("2026-11-24");
});

test("windows have names, and an unknown one stands for itself", () => {
  expect(format.formatWindow("2026-11-23/siang", "id")).toBe("Siang, 23 November 2026");
  expect(format.formatWindow("2026-11-23/siang", "en")).toBe("Midday, 23 November 2026");
  expect(format.windowName("subuh", "en")).toBe("Subuh");
});

test("RT and RW have three digits", () => {
  expect(format.formatArea({ rt: "5", rw: "012" })).toBe("RT 005/RW 012");
});

test("numbers are grouped as each language does, digits of a number in fours", () => {
  expect(format.formatNumber(6403, "id")).toBe("6.403");
  expect(format.formatNumber(6403, "en")).toBe("6,403");
  expect(format.formatDigits("1234567890123456")).toBe("1234 5678 9012 3456");
});
