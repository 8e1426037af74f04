// The photos that the phone keeps: taken for a report, waiting to be sent, sent, or fetched to be looked at.
// Nothing here speaks to the network. One that waits or was refused is never deleted.
import type { PhotoRow, PhotoState, RondaDB } from "./db";
import type { Code, Instant, Sha256 } from "./protocol";

const KEEP_SENT = 30 * 24 * 60 * 60 * 1000;

/** A photo as the phone made it smaller. */
export interface Picture {
  bytes: ArrayBuffer;
  type: string;
}

export async function digestOf(bytes: ArrayBuffer): Promise<Sha256> {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function inState(db: RondaDB, state: PhotoState) {
  return db.photos.where("[state+at]").between([state, 0], [state, Infinity]);
}

/** Keep a photo for a draft; one that the phone has already stays as it is. In the transaction of the caller. */
export async function keepPhoto(db: RondaDB, sha256: Sha256, picture: Picture, now: Instant): Promise<void> {
  if (await db.photos.get(sha256)) return;
  await db.photos.put({ sha256, ...picture, state: "draft", at: now });
}

/** A report that is being saved names these photos: from now on they are to be sent (SPEC F1). */
export async function claimPhotos(db: RondaDB, names: Sha256[], now: Instant): Promise<void> {
  const drafts = db.photos.where("sha256").anyOf(names);
  await drafts.filter((row) => row.state === "draft").modify({ state: "waiting", at: now });
}

/** The photo that has waited longest, of those that were not tried yet. */
export function nextPhoto(db: RondaDB, tried: Set<Sha256>): Promise<PhotoRow | undefined> {
  return inState(db, "waiting")
    .filter((row) => !tried.has(row.sha256))
    .first();
}

export function photosWaiting(db: RondaDB): Promise<number> {
  return inState(db, "waiting").count();
}

/** The names of those that the server refused and whose reason the officer has not read. */
export async function photosUnread(db: RondaDB): Promise<Sha256[]> {
  const rows = await inState(db, "refused").toArray();
  return rows.filter((row) => !row.seen).map((row) => row.sha256);
}

export async function markSent(db: RondaDB, sha256: Sha256, now: Instant): Promise<void> {
  await db.photos.update(sha256, { state: "sent", at: now });
}

export async function markRefused(db: RondaDB, sha256: Sha256, code: Code, now: Instant): Promise<void> {
  await db.photos.update(sha256, { state: "refused", at: now, code, seen: false });
}

/** The officer has read why a photo was refused. It stays. */
export async function markPhotoSeen(db: RondaDB, sha256: Sha256): Promise<void> {
  await db.photos.update(sha256, { seen: true });
}

/** A server that was restored from a backup may lack what it once had: all that is still here is offered again. */
export async function sendPhotosAgain(db: RondaDB): Promise<void> {
  await inState(db, "sent").modify({ state: "waiting" });
}

async function deleteRows(db: RondaDB, state: PhotoState, isOld: (row: PhotoRow) => boolean): Promise<void> {
  await inState(db, state).filter(isOld).delete();
}

/** Delete what nobody misses: photos of discarded drafts, those sent long ago, and fetched ones of reports that went. */
export async function sweepPhotos(db: RondaDB, now: Instant): Promise<void> {
  await db.transaction("rw", db.photos, db.drafts, db.records, async () => {
    const drafted = new Set((await db.drafts.toArray()).flatMap((draft) => draft.photos ?? []));
    await deleteRows(db, "draft", (row) => !drafted.has(row.sha256));
    await deleteRows(db, "sent", (row) => row.at < now - KEEP_SENT);
    if ((await inState(db, "shown").count()) === 0) return;
    const reports = await db.records
      .where("[kind+window]")
      .between(["report", ""], ["report", "~"])
      .toArray();
    const named = new Set(reports.flatMap((record) => record.report?.photos ?? []));
    await deleteRows(db, "shown", (row) => !named.has(row.sha256));
  });
}

/** The disk is full: photos that the server has give way to reports. Answers whether any did. */
export async function makeRoom(db: RondaDB): Promise<boolean> {
  const fetched = await inState(db, "shown").delete();
  return fetched + (await inState(db, "sent").delete()) > 0;
}
