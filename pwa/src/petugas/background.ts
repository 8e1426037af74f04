// Sending with the app closed: what the service worker does when the browser finds a signal (Background Sync).
import type { RondaDB } from "../shared/db";
import { exchange, type Ports } from "../shared/exchange";

export const SYNC_TAG = "exchange";

/**
 * Fails while something may wait, so that the browser tries again. A pause for want of a signal ends with the signal
 * that the browser found; any other is the server's wish, and is kept.
 */
export async function sendInBackground(db: RondaDB, ports: Ports): Promise<void> {
  const phone = await db.meta.get("phone");
  const ending = await exchange(db, ports, phone?.problem === "unreachable");
  if (ending === "failed" || ending === "waiting") throw new Error(ending);
}
