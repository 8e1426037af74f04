import { describe, expect, test } from "vitest";
import type { ScheduleView } from "./protocol";
import { windowAt } from "./windows";

const JAKARTA: ScheduleView = {
  timezone: "Asia/Jakarta",
  closes: [
    { name: "pagi", at: "10:00" },
    { name: "siang", at: "15:00" },
    { name: "malam", at: "20:00" },
  ],
  grace_minutes: 15,
};

const at = (text: string) => Date.parse(text);

describe("the window of an instant", () => {
  test.each([
    ["2026-11-23T09:59:59.999+07:00", "2026-11-23/pagi"],
    ["2026-11-23T10:00:00.000+07:00", "2026-11-23/siang"],
    ["2026-11-23T14:59:59.999+07:00", "2026-11-23/siang"],
    ["2026-11-23T15:00:00.000+07:00", "2026-11-23/malam"],
    ["2026-11-23T20:00:00.000+07:00", "2026-11-24/pagi"],
    ["2026-11-24T00:00:00.000+07:00", "2026-11-24/pagi"],
    ["2026-12-31T23:30:00.000+07:00", "2027-01-01/pagi"],
  ])("W1 W2 %s is in %s: a close belongs to the next window", (instant, id) => {
    expect(windowAt(at(instant), JAKARTA).id).toBe(id);
  });

  test("W2 the first window of a day opens at the last close of the day before", () => {
    const window = windowAt(at("2026-11-23T07:00:00+07:00"), JAKARTA);
    expect(window.opens_at).toBe(at("2026-11-22T20:00:00+07:00"));
    expect(window.closes_at).toBe(at("2026-11-23T10:00:00+07:00"));
  });

  test("W1 each instant of three days is in exactly one window, and they follow without a gap", () => {
    let last = windowAt(at("2026-11-22T00:00:00+07:00"), JAKARTA);
    const end = last.opens_at + 3 * 86_400_000;
    for (let now = last.opens_at; now < end; now += 7 * 60_000) {
      const window = windowAt(now, JAKARTA);
      expect(window.opens_at <= now && now < window.closes_at).toBe(true);
      expect([last.opens_at, last.closes_at]).toContain(window.opens_at);
      last = window;
    }
  });

  test("W1 the time zone is the schedule's and follows its summer time", () => {
    const berlin: ScheduleView = {
      timezone: "Europe/Berlin",
      closes: [{ name: "siang", at: "12:00" }],
      grace_minutes: 0,
    };
    const window = windowAt(at("2026-03-29T09:00:00Z"), berlin);
    expect(window.opens_at).toBe(at("2026-03-28T11:00:00Z"));
    expect(window.closes_at).toBe(at("2026-03-29T10:00:00Z"));
  });
});
