// Which reporting window an instant is in (SPEC W1, W2). Pure; it must agree with sync/windows.py.
// The phone's word is only for the eye: the server decides the window of a capture (SPEC W3).
import type { Close, Instant, ScheduleView } from "./protocol";

export interface Window {
  /** the local date of the close and the close's name, `2026-11-23/siang` */
  readonly id: string;
  readonly name: string;
  readonly date: string;
  readonly opens_at: Instant;
  readonly closes_at: Instant;
}

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

const clocks = new Map<string, Intl.DateTimeFormat>();

function clockOf(timezone: string): Intl.DateTimeFormat {
  const known = clocks.get(timezone);
  if (known) return known;
  const date = { year: "numeric", month: "numeric", day: "numeric" } as const;
  const time = { hour: "numeric", minute: "numeric", second: "numeric", hourCycle: "h23" } as const;
  const clock = new Intl.DateTimeFormat("en-US-u-ca-gregory", { timeZone: timezone, ...date, ...time });
  clocks.set(timezone, clock);
  return clock;
}

/** What a clock on the wall of that zone shows, as if it were UTC. */
function wall(at: Instant, timezone: string): number {
  const parts = clockOf(timezone).formatToParts(at);
  const part = (type: string) => Number(parts.find((p) => p.type === type)?.value);
  return Date.UTC(part("year"), part("month") - 1, part("day"), part("hour"), part("minute"), part("second"));
}

/** The instant at which that wall clock shows it; the earlier one where an hour is repeated, a later one where it is skipped. */
function instantOf(shown: number, timezone: string): Instant {
  const candidates = [shown - DAY, shown + DAY].map((near) => shown - (wall(near, timezone) - near));
  return candidates.find((at) => wall(at, timezone) === shown) ?? candidates[0]!;
}

export function localDate(at: Instant, timezone: string): string {
  return new Date(wall(at, timezone)).toISOString().slice(0, 10);
}

function minutes(close: Close): number {
  const [hours, rest] = close.at.split(":");
  return Number(hours) * 60 + Number(rest);
}

interface Closing {
  close: Close;
  date: string;
  at: Instant;
}

/** All closes from the day before to the day after, in order of time. */
function closings(at: Instant, schedule: ScheduleView): Closing[] {
  const today = Date.parse(localDate(at, schedule.timezone));
  return [-1, 0, 1].flatMap((offset) =>
    schedule.closes.map((close) => ({
      close,
      date: new Date(today + offset * DAY).toISOString().slice(0, 10),
      at: instantOf(today + offset * DAY + minutes(close) * MINUTE, schedule.timezone),
    })),
  );
}

function between(previous: Closing, next: Closing): Window {
  return {
    id: `${next.date}/${next.close.name}`,
    name: next.close.name,
    date: next.date,
    opens_at: previous.at,
    closes_at: next.at,
  };
}

/** The window that the instant is in. A window is `[previous close, close)`. */
export function windowAt(at: Instant, schedule: ScheduleView): Window {
  const all = closings(at, schedule);
  const next = all.findIndex((closing) => closing.at > at);
  return between(all[next - 1]!, all[next]!);
}
