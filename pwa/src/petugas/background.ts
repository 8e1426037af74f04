// One run of sending, for a tab and for the service worker: reports first, then photos. With the app closed it is the
// browser that starts one when it finds a signal (Background Sync).
import type { RondaDB } from "../shared/db";
import { exchange, type Ending, type Ports } from "../shared/exchange";
import { LONGEST_SPREAD, pauseLeft } from "../shared/pace";
import { sendPhotos } from "../shared/photo-upload";

export const SYNC_TAG = "exchange";

/** Whose wish it is: a signal ends a pause for want of one, the officer ends any. */
export type Wish = "own" | "signal" | "officer";

/** One exchange, then the photos: never before it, and only where it found a server that answers. */
export async function sendAll(db: RondaDB, ports: Ports, photo: Ports, wish: Wish = "own"): Promise<Ending> {
  const before = await db.meta.get("phone");
  const signal = wish === "signal" && before?.problem === "unreachable";
  const ending = await exchange(db, ports, signal || wish === "officer");
  const row = await db.meta.get("phone");
  if (ending !== "done" && row?.problem !== "refused") return ending;
  const photos = await sendPhotos(db, photo, wish === "officer");
  // A phone that is not trusted any more is wiped when its last photo is handed in.
  if (photos === "done" && row?.leaving) return exchange(db, ports);
  return ending === "done" ? photos : ending;
}

/** The spread before a close is waited for here: the browser would come again only minutes later (SPEC W7). */
async function waitOut(db: RondaDB, ports: Ports): Promise<void> {
  const phone = await db.meta.get("phone");
  const left = phone && phone.problem === null ? pauseLeft(phone, ports.now()) : 0;
  if (left > 0 && left <= LONGEST_SPREAD) await ports.sleep(left);
}

/** Fails while something may wait, so that the browser tries again. */
export async function sendInBackground(db: RondaDB, ports: Ports, photo: Ports = ports): Promise<void> {
  await waitOut(db, ports);
  const ending = await sendAll(db, ports, photo, "signal");
  if (ending === "failed" || ending === "waiting") throw new Error(ending);
}
