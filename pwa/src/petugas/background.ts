// Sending with the app closed: what the service worker does when the browser finds a signal (Background Sync).
import type { RondaDB } from "../shared/db";
import { exchange, type Ports } from "../shared/exchange";
import { LONGEST_SPREAD, pauseLeft } from "../shared/pace";
import { sendPhotos } from "../shared/photo-upload";

export const SYNC_TAG = "exchange";

/** The spread before a close is waited for here: the browser would come again only minutes later (SPEC W7). */
async function waitOut(db: RondaDB, ports: Ports): Promise<void> {
  const phone = await db.meta.get("phone");
  const left = phone && phone.problem === null ? pauseLeft(phone, ports.now()) : 0;
  if (left > 0 && left <= LONGEST_SPREAD) await ports.sleep(left);
}

/**
 * Fails while something may wait, so that the browser tries again. A pause for want of a signal ends with the signal
 * that the browser found; any other is the server's wish, and is kept.
 */
export async function sendInBackground(db: RondaDB, ports: Ports, photo: Ports = ports): Promise<void> {
  await waitOut(db, ports);
  const phone = await db.meta.get("phone");
  const ending = await exchange(db, ports, phone?.problem === "unreachable");
  if (ending === "failed" || ending === "waiting") throw new Error(ending);
  const photos = await sendPhotos(db, photo);
  if (photos === "failed" || photos === "waiting") throw new Error(photos);
}
