// Sends the photos that wait, one at a time and in chunks, going on where the server says it stopped (SPEC F2).
// It runs after an exchange, in a tab or in the service worker, and has a pause of its own. It never deletes a photo.
import { answer, ApiError } from "./api";
import type { PhotoRow, RondaDB } from "./db";
import { browserPorts, type Ending, type Ports } from "./exchange";
import { backoff, LONGEST_WAIT, pauseLeft } from "./pace";
import { digestOf, markRefused, markSent, nextPhoto, sweepPhotos } from "./photos";
import type { Code, Sha256 } from "./protocol";

export const CHUNK = 64 * 1024;
const TIMEOUT = 60_000;
const FINAL: readonly string[] = [
  "photo_type_unsupported",
  "photo_too_large",
  "photo_unreadable",
] satisfies Code[];

/** The exchange waits for no photo, so the photos have a lock of their own. */
export const photoPorts: Ports = {
  ...browserPorts,
  alone: async (work) => navigator.locks.request("ronda-photos", work),
};

interface Progress {
  /** how many bytes the server has of this phone's upload */
  offset: number;
  kept: boolean;
}

async function progressOf({ headers }: Response): Promise<Progress> {
  const [offset, complete] = [headers.get("Upload-Offset"), headers.get("Upload-Complete")];
  // What does not speak of the upload comes from a network in between.
  if (offset === null || complete === null) throw new ApiError("unreadable");
  return { offset: Number(offset), kept: complete === "?1" };
}

function put(photo: PhotoRow, start: number, bearer: string): Promise<Progress> {
  const { sha256, bytes } = photo;
  const headers = { "Upload-Offset": `${start}`, "Upload-Length": `${bytes.byteLength}` };
  const options = { bytes: bytes.slice(start, start + CHUNK), headers, bearer, timeoutMs: TIMEOUT };
  return answer(`/api/photos/${sha256}`, { method: "PUT", ...options }, progressOf);
}

/** Whether the failure is this photo's own, so that no other try will do; a damaged copy on this phone is, too. */
async function isFinal(photo: PhotoRow, failure: ApiError): Promise<boolean> {
  if (failure.code !== "photo_digest_differs") return FINAL.includes(failure.code);
  return (await digestOf(photo.bytes)) !== photo.sha256;
}

async function upload(photo: PhotoRow, bearer: string): Promise<void> {
  const path = `/api/photos/${photo.sha256}`;
  let at = await answer(path, { method: "HEAD", bearer, timeoutMs: TIMEOUT }, progressOf);
  while (!at.kept) {
    const next = await put(photo, at.offset, bearer);
    if (!next.kept && next.offset <= at.offset) throw new ApiError("unreadable");
    at = next;
  }
}

/** Send one; a photo that the server refuses stays with the reason and holds up no other. */
async function sendOne(db: RondaDB, photo: PhotoRow, bearer: string, ports: Ports): Promise<void> {
  try {
    await upload(photo, bearer);
    await markSent(db, photo.sha256, ports.now());
  } catch (failure) {
    if (!(failure instanceof ApiError) || !(await isFinal(photo, failure))) throw failure;
    await markRefused(db, photo.sha256, failure.code as Code, ports.now());
  }
}

/** Whether a failure may be of this photo alone, so that the next one may fare better. */
function isOwn({ code, status }: ApiError): boolean {
  const refused = status >= 400 && status < 500 && ![401, 408, 429].includes(status);
  return refused || code === "internal";
}

/** Send each that waits, once. Raises the last failure; one that is not a photo's own ends it at once. */
async function sendEach(db: RondaDB, bearer: string, ports: Ports): Promise<void> {
  const tried = new Set<Sha256>();
  let failed: ApiError | null = null;
  for (let photo; (photo = await nextPhoto(db, tried));) {
    tried.add(photo.sha256);
    try {
      await sendOne(db, photo, bearer, ports);
    } catch (failure) {
      if (!(failure instanceof ApiError) || !isOwn(failure)) throw failure;
      failed = failure;
    }
  }
  if (failed) throw failed;
}

async function postpone(db: RondaDB, asked: number, ports: Ports): Promise<void> {
  const failures = (await db.pauses.get("photos"))?.failures ?? 0;
  const wait = backoff(failures, Math.min(asked * 1000, LONGEST_WAIT), ports.random());
  await db.pauses.put({ key: "photos", failures: failures + 1, not_before: ports.now() + wait });
}

async function until(db: RondaDB, ports: Ports, force: boolean): Promise<Ending> {
  const phone = await db.meta.get("phone");
  if (!phone?.enrolled) return "not_enrolled";
  await sweepPhotos(db, ports.now());
  const pause = await db.pauses.get("photos");
  if (pause && !force && pauseLeft(pause, ports.now()) > 0) return "waiting";
  try {
    await sendEach(db, phone.secret, ports);
  } catch (failure) {
    if (!(failure instanceof ApiError)) throw failure;
    await postpone(db, failure.retryAfter, ports);
    return "failed";
  }
  await db.pauses.delete("photos");
  return "done";
}

/** Send all photos that wait. `force` is the officer's own wish: it does not wait for the end of a pause. */
export function sendPhotos(db: RondaDB, ports: Ports, force = false): Promise<Ending> {
  return ports.alone(() => until(db, ports, force));
}

/** Fetch a photo that another phone has brought, to be looked at. Raises ApiError. */
export async function fetchPhoto(db: RondaDB, sha256: Sha256, now: number): Promise<void> {
  const { secret: bearer = "" } = (await db.meta.get("phone")) ?? {};
  const fetched = await answer(`/api/photos/${sha256}`, { bearer }, async (response) => ({
    bytes: await response.arrayBuffer(),
    type: response.headers.get("Content-Type") ?? "",
  }));
  if (fetched.type !== "image/webp") throw new ApiError("unreadable");
  await db.transaction("rw", db.photos, db.meta, async () => {
    // Meanwhile the phone may have been wiped, or become another's.
    const phone = await db.meta.get("phone");
    if (phone?.secret !== bearer || phone.leaving) return;
    if (!(await db.photos.get(sha256))) await db.photos.put({ sha256, ...fetched, state: "shown", at: now });
  });
}
