// When the phone speaks to the server: after each save, on start, focus and signal, by a timer, and on the button.
// What is sent and when it is tried again is decided in shared/exchange.ts and shared/pace.ts; photos follow
// (shared/photo-upload.ts).
import type { RondaDB } from "../shared/db";
import { browserPorts, exchange, type Ports } from "../shared/exchange";
import { watchLease } from "../shared/lease";
import { holdBack } from "../shared/pace";
import { photoPorts, sendPhotos } from "../shared/photo-upload";
import { photosWaiting } from "../shared/photos";
import { SYNC_TAG } from "./background";

const LOOK = 15_000;
const FRESH = 60_000;

interface SyncManager {
  register(tag: string): Promise<void>;
}

export class Sending {
  #busy = $state(false);
  readonly #db: RondaDB;
  readonly #ports: Ports;
  /** how old news may be, another time after each look for them (SPEC W7) */
  #fresh = FRESH;

  constructor(db: RondaDB, ports: Ports = browserPorts) {
    this.#db = db;
    this.#ports = ports;
  }

  get busy(): boolean {
    return this.#busy;
  }

  /** From now on the phone sends and fetches by itself. */
  start(): void {
    addEventListener("online", () => void this.#signal());
    addEventListener("focus", () => void this.#look());
    document.addEventListener("visibilitychange", () => void this.#look());
    setInterval(() => void this.#look(), LOOK);
    void this.#send();
  }

  /** After a save. The browser may do later what is not done now, with the app closed (Background Sync). */
  async soon(): Promise<void> {
    const wait = await holdBack(this.#db, this.#ports.now(), this.#ports.random());
    if (wait > 0) void this.#ports.sleep(wait).then(() => this.#send());
    else await this.#send();
    if ((await this.#waiting()) + (await photosWaiting(this.#db)) === 0) return;
    const registration = await navigator.serviceWorker?.getRegistration();
    const sync = (registration as { sync?: SyncManager } | undefined)?.sync;
    await sync?.register(SYNC_TAG).catch(() => undefined);
  }

  /** On the button: without waiting for the end of a pause. */
  async now(): Promise<void> {
    this.#busy = true;
    try {
      await this.#send(true);
    } finally {
      this.#busy = false;
    }
  }

  /** A signal ends a pause for want of one, and no other: a whole street gets it at once. */
  async #signal(): Promise<void> {
    const row = await this.#db.meta.get("phone");
    await this.#send(row?.problem === "unreachable");
  }

  /** One exchange, then the photos: never before it, and only where it found a server that answers. */
  async #send(force = false): Promise<void> {
    const ending = await exchange(this.#db, this.#ports, force);
    const row = await this.#db.meta.get("phone");
    if (ending !== "done" && row?.problem !== "refused") return;
    const photos = await sendPhotos(this.#db, photoPorts, force);
    // A phone that is not trusted any more is wiped when its last photo is handed in.
    if (photos === "done" && row?.leaving) await exchange(this.#db, this.#ports);
  }

  async #look(): Promise<void> {
    if (document.visibilityState !== "visible") return;
    const row = await this.#db.meta.get("phone");
    const stale = Math.abs(this.#ports.now() - (row?.exchanged_at ?? 0)) > this.#fresh;
    if (stale || (await this.#waiting()) > 0) {
      this.#fresh = FRESH * (1 + this.#ports.random());
      await this.#send();
    }
    await this.#ports.alone(() => watchLease(this.#db, this.#ports.now()));
  }

  #waiting(): Promise<number> {
    return this.#db.outbox.where("status").anyOf("new", "sent").count();
  }
}
