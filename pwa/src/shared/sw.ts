// The listeners that all service workers share; each worker adds its own.
import { ACTIVATE, answer, cachedAddress, fill, sweep, type Precache } from "./sw-cache";

declare const __PRECACHE__: Precache;

/** Installs this version's files, serves them, and waits to be activated. */
export function serveOffline(worker: ServiceWorkerGlobalScope): void {
  const list = __PRECACHE__;
  worker.addEventListener("install", (event) => event.waitUntil(fill(list, worker.caches)));
  worker.addEventListener("activate", (event) =>
    event.waitUntil(Promise.all([sweep(list, worker.caches), worker.clients.claim()])),
  );
  worker.addEventListener("message", (event) => {
    if (event.data === ACTIVATE) event.waitUntil(worker.skipWaiting());
  });
  worker.addEventListener("fetch", (event) => {
    const address = cachedAddress(list, event.request, worker.location.origin);
    if (address) event.respondWith(answer(list, address, event.request, worker.caches));
  });
}
