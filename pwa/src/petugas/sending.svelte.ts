// When the phone speaks to the server: after each save, on start, focus and signal, by a timer, and on the button.
// What is sent and when it is tried again is decided in shared/exchange.ts.
import type { RondaDB } from "../shared/db";
import { browserPorts, exchange } from "../shared/exchange";
import { SYNC_TAG } from "./background";

const LOOK = 15_000;
const FRESH = 60_000;

interface SyncManager {
  register(tag: string): Promise<void>;
}

export class Sending {
  #busy = $state(false);
  readonly #db: RondaDB;

  constructor(db: RondaDB) {
    this.#db = db;
  }

  get busy(): boolean {
    return this.#busy;
  }

  /** From now on the phone sends and fetches by itself. */
  start(): void {
    addEventListener("online", () => void this.now());
    addEventListener("focus", () => void this.#look());
    document.addEventListener("visibilitychange", () => void this.#look());
    setInterval(() => void this.#look(), LOOK);
    void exchange(this.#db, browserPorts);
  }

  /** After a save. The browser may do later what is not done now, with the app closed (Background Sync). */
  async soon(): Promise<void> {
    await exchange(this.#db, browserPorts);
    if ((await this.#waiting()) === 0) return;
    const registration = await navigator.serviceWorker?.getRegistration();
    const sync = (registration as { sync?: SyncManager } | undefined)?.sync;
    await sync?.register(SYNC_TAG).catch(() => undefined);
  }

  /** On the button: without waiting for the end of a pause. */
  async now(): Promise<void> {
    this.#busy = true;
    try {
      await exchange(this.#db, browserPorts, true);
    } finally {
      this.#busy = false;
    }
  }

  async #look(): Promise<void> {
    if (document.visibilityState !== "visible") return;
    const row = await this.#db.meta.get("phone");
    const stale = Math.abs(Date.now() - (row?.exchanged_at ?? 0)) > FRESH;
    if (stale || (await this.#waiting()) > 0) await exchange(this.#db, browserPorts);
  }

  #waiting(): Promise<number> {
    return this.#db.outbox.where("status").anyOf("new", "sent").count();
  }
}
