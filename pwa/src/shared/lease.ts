// What was pulled may be shown for some days without asking the server again (SPEC D3): then it goes, until the phone has
// spoken to the server. What was not sent, and drafts, stay.
import type { PhoneRow, RondaDB } from "./db";
import type { Instant } from "./protocol";

const MINUTE = 60_000;

/** The server's now as far as this phone can tell; a clock that is put back does not put it back. */
function latestOf(phone: PhoneRow, now: Instant): Instant {
  return Math.max(now + phone.offset, phone.latest ?? 0);
}

export function isLeaseOver(phone: PhoneRow | undefined, now: Instant): boolean {
  return phone?.lease_until !== undefined && latestOf(phone, now) > phone.lease_until;
}

/** Delete the reports that wait for nothing, and fetched photos. The next exchange fetches the reports again. */
async function dropPulled(db: RondaDB): Promise<void> {
  const pending = await db.outbox.where("status").anyOf("new", "sent").toArray();
  const unsent = new Set(pending.map((row) => row.record_id));
  const clean = db.records.filter((row) => row.kind === "report" && row.server !== null);
  await clean.filter((row) => !unsent.has(row.record_id)).delete();
  await db.photos.filter((row) => row.state === "shown").delete();
  await db.meta.update("phone", { cursor: "" });
}

/** Remember how late it is, and end the lease when it is over. Hold the exchange's lock meanwhile: it writes the cursor. */
export async function watchLease(db: RondaDB, now: Instant): Promise<void> {
  await db.transaction("rw", [db.records, db.outbox, db.photos, db.meta], async () => {
    const phone = await db.meta.get("phone");
    if (!phone?.enrolled) return;
    const latest = latestOf(phone, now);
    if (latest - (phone.latest ?? 0) >= MINUTE) await db.meta.update("phone", { latest });
    if (isLeaseOver(phone, now) && phone.cursor !== "") await dropPulled(db);
  });
}
