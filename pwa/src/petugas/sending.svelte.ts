// When the phone speaks to the server: after each save, on start, focus and signal, by a timer, and on the button.
// What is sent and when it is tried again is decided in shared/exchange.ts.
import type { RondaDB } from "../shared/db";
import { browserPorts, exchange } from "../shared/exchange";
import { SYNC_TAG } from "./sync-tag";

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

  /** After a save. The browser may also do it later, with the app closed (Background Sync). */
  async soon(): Promise<void> {
    const registration = await navigator.serviceWorker?.getRegistration();
    const sync = (registration as { sync?: SyncManager } | undefined)?.sync;
    await sync?.register(SYNC_TAG).catch(() => undefined);
    await exchange(this.#db, browserPorts);
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
    const waiting = await this.#db.outbox.where("status").anyOf("new", "sent").count();
    const stale = Math.abs(Date.now() - (row?.exchanged_at ?? 0)) > FRESH;
    if (waiting > 0 || stale) await exchange(this.#db, browserPorts);
  }
}
