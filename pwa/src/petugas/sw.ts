// The officer's service worker: serves the app without a signal, and sends the outbox when the browser finds one.
import { RondaDB } from "../shared/db";
import { browserPorts, exchange } from "../shared/exchange";
import { serveOffline } from "../shared/sw";
import { SYNC_TAG } from "./sync-tag";

declare const self: ServiceWorkerGlobalScope;

/** Not yet in TypeScript's library. */
interface SyncEvent extends ExtendableEvent {
  readonly tag: string;
}

const db = new RondaDB();

/** Fails while something waits, so that the browser tries again; it has its own pauses, longer than ours. */
async function sendOutbox(): Promise<void> {
  const ending = await exchange(db, browserPorts, true);
  if (ending === "failed") throw new Error(ending);
}

serveOffline(self);
self.addEventListener("sync", (event) => {
  const { tag } = event as SyncEvent;
  if (tag === SYNC_TAG) (event as SyncEvent).waitUntil(sendOutbox());
});
