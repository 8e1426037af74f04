// The officer's service worker: serves the app without a signal, and sends the outbox when the browser finds one.
import { RondaDB } from "../shared/db";
import { browserPorts } from "../shared/exchange";
import { photoPorts } from "../shared/photo-upload";
import { serveOffline } from "../shared/sw";
import { sendInBackground, SYNC_TAG } from "./background";

declare const self: ServiceWorkerGlobalScope;

/** Not yet in TypeScript's library. */
interface SyncEvent extends ExtendableEvent {
  readonly tag: string;
}

const db = new RondaDB();

serveOffline(self);
self.addEventListener("sync", (event) => {
  const { tag } = event as SyncEvent;
  if (tag === SYNC_TAG) (event as SyncEvent).waitUntil(sendInBackground(db, browserPorts, photoPorts));
});
