// Whether the phone holds what the server holds of its scope, and the way back when it does not (SPEC M22).
// A full pull is asked for once a day at most: a digest that two versions reckon differently must not pull for ever.
import type { PhoneRow, RecordRow, RondaDB } from "./db";
import type { Instant, Uuid } from "./protocol";

const HOUR = 60 * 60_000;
const DAY = 24 * HOUR;

export function isCheckDue(phone: PhoneRow, now: Instant): boolean {
  const since = now + phone.offset - (phone.checked_at ?? 0);
  // There is no reckoning of digests outside of a secure context.
  return globalThis.crypto?.subtle !== undefined && Math.abs(since) >= HOUR;
}

function lines(records: RecordRow[], areas: Set<Uuid>): string {
  return records
    .flatMap(({ server }) => (server?.kind === "report" && !server.removed ? [server] : []))
    .filter(({ area_id }) => areas.has(area_id))
    .map(({ record_id, version }) => `${record_id}:${version}\n`)
    .sort()
    .join("");
}

/** SHA-256, in hex, of the reports that the server spoke of and did not remove, in the areas of the scope. */
export async function digestOf(records: RecordRow[], areas: Set<Uuid>): Promise<string> {
  const hash = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(lines(records, areas)));
  return Array.from(new Uint8Array(hash), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/**
 * Compare with the server's digest. Answers whether all is to be pulled anew. Only an exchange writes what the server
 * said, and it has the lock: so the records stay as they are while the digest is reckoned, outside of a transaction.
 */
export async function heal(db: RondaDB, digest: string, at: Instant): Promise<boolean> {
  const areas = (await db.meta.get("phone"))?.scope?.areas ?? [];
  const ours = await digestOf(await db.records.toArray(), new Set(areas.map(({ area_id }) => area_id)));
  return db.transaction("rw", db.outbox, db.meta, async () => {
    const { healed_at = 0, heals = 0 } = (await db.meta.get("phone"))!;
    const pending = await db.outbox.where("status").anyOf("new", "sent").count();
    const again = ours !== digest && pending === 0 && Math.abs(at - healed_at) >= DAY;
    const healing = again ? { cursor: "", healed_at: at, heals: heals + 1 } : {};
    await db.meta.update("phone", { checked_at: at, ...healing });
    return again;
  });
}
