// When the phone speaks to the server: after each save, on start, focus and signal, by a timer, and on the button.
// What is sent and when it is tried again is decided in shared/exchange.ts and shared/pace.ts.
import type { RondaDB } from "../shared/db";
import { browserPorts, type Ports } from "../shared/exchange";
import { watchLease } from "../shared/lease";
import { holdBack } from "../shared/pace";
import { photoPorts } from "../shared/photo-upload";
import { photosWaiting } from "../shared/photos";
import { sendAll, SYNC_TAG, type Wish } from "./background";

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
  #looking = false;
  #held = false;

  constructor(db: RondaDB, ports: Ports = browserPorts) {
    this.#db = db;
    this.#ports = ports;
  }

  get busy(): boolean {
    return this.#busy;
  }

  /** From now on the phone sends and fetches by itself. */
  start(): void {
    // A whole street gets its signal at once.
    addEventListener("online", () => void this.#send("signal"));
    addEventListener("focus", () => void this.#look());
    document.addEventListener("visibilitychange", () => void this.#look());
    setInterval(() => void this.#look(), LOOK);
    void this.#send();
  }

  /** After a save. The browser may do later what is not done now, with the app closed (Background Sync). */
  async soon(): Promise<void> {
    const wait = await holdBack(this.#db, this.#ports.now(), this.#ports.random());
    if (wait > 0) void this.#later(wait);
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
      await this.#send("officer");
    } finally {
      this.#busy = false;
    }
  }

  /** Several saves that are held back go together. */
  async #later(wait: number): Promise<void> {
    if (this.#held) return;
    this.#held = true;
    await this.#ports.sleep(wait);
    this.#held = false;
    await this.#send();
  }

  async #send(wish?: Wish): Promise<void> {
    await sendAll(this.#db, this.#ports, photoPorts, wish);
  }

  /** One look at a time: while the server is slow, looks must not queue up for it. */
  async #look(): Promise<void> {
    if (document.visibilityState !== "visible" || this.#looking) return;
    this.#looking = true;
    try {
      await this.#refresh();
      await this.#ports.alone(() => watchLease(this.#db, this.#ports.now()));
    } finally {
      this.#looking = false;
    }
  }

  async #refresh(): Promise<void> {
    const row = await this.#db.meta.get("phone");
    const stale = Math.abs(this.#ports.now() - (row?.exchanged_at ?? 0)) > this.#fresh;
    if (!stale && (await this.#waiting()) === 0) return;
    this.#fresh = FRESH * (1 + this.#ports.random());
    await this.#send();
  }

  #waiting(): Promise<number> {
    return this.#db.outbox.where("status").anyOf("new", "sent").count();
  }
}
