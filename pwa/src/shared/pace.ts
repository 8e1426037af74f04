// When the phone may speak to the server again: pauses after failures (SPEC M25) and the spread before a close (SPEC W7).
// A pause is kept on disk, so that it outlives the app. What the officer sends by hand waits for none.
import type { PhoneRow, RondaDB } from "./db";
import type { Instant, ScheduleView } from "./protocol";
import { windowAt } from "./windows";

export const LONGEST_WAIT = 5 * 60_000;
export const LONGEST_SPREAD = 60_000;
const FIRST_WAIT = 2_000;
const BEFORE_CLOSE = 10 * 60_000;

/**
 * How long to wait after so many failures, in milliseconds: what the server asked for, and on top of it a random part
 * of twice as long each time. All phones that were refused together must not come back together.
 */
export function backoff(failures: number, asked: number, random: number): number {
  return asked + Math.round(random * Math.min(FIRST_WAIT * 2 ** failures, LONGEST_WAIT));
}

/** How much of a pause is left. One longer than the longest was written by a clock that has since been put back. */
export function pauseLeft({ not_before }: Pick<PhoneRow, "not_before">, now: Instant): number {
  const left = not_before - now;
  return left > 0 && left <= 2 * LONGEST_WAIT ? left : 0;
}

/** When what was captured goes by itself (SPEC W7), in the server's time: at once, but spread before a close. */
export function sendAt(now: Instant, captured: Instant, schedule: ScheduleView, random: number): Instant {
  const { closes_at } = windowAt(captured, schedule);
  if (captured < closes_at - BEFORE_CLOSE) return now;
  const last = Math.min(captured + LONGEST_SPREAD, closes_at + schedule.grace_minutes * 30_000);
  return now + Math.round(random * Math.max(0, Math.min(last - now, LONGEST_SPREAD)));
}

/**
 * How long an automatic send is to wait, in milliseconds: the pause that is in force, or one that begins with the first
 * save of those that were never sent.
 */
export async function holdBack(db: RondaDB, now: Instant, random: number): Promise<number> {
  return db.transaction("rw", db.outbox, db.meta, async () => {
    const phone = await db.meta.get("phone");
    if (!phone?.scope) return 0;
    const left = pauseLeft(phone, now);
    const [first] = await db.outbox.where("status").anyOf("new", "sent").sortBy("seq");
    if (left > 0 || first?.status !== "new") return left;
    const { captured_at } = JSON.parse(first.body) as { captured_at: Instant };
    const { offset, scope } = phone;
    const not_before = sendAt(now + offset, captured_at + offset, scope.schedule, random) - offset;
    if (not_before > now) await db.meta.update("phone", { not_before });
    return not_before - now;
  });
}
