// The service worker of the applicant's app: opens it offline, shows what is pushed, and renews a subscription
// that the browser has replaced. It holds no state; what it needs to know is in IndexedDB.
import { serveOffline } from "../shared/sw";
import { announcementOf, destinationOf } from "./announcement";
import { read, write } from "./kept";
import { subscribe, tellServer } from "./push";

declare const self: ServiceWorkerGlobalScope;

const SCOPE = "/paspor/";

serveOffline(self);

self.addEventListener("push", (event) => event.waitUntil(show(event.data?.text())));

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(openApp(destinationOf(event.notification.data, SCOPE, self.location.origin)));
});

self.addEventListener("pushsubscriptionchange", (event) => event.waitUntil(renew(event.newSubscription)));

async function show(data: string | undefined): Promise<void> {
  const { title, options } = announcementOf(data, SCOPE);
  await self.registration.showNotification(title, options);
  for (const page of await pages()) page.postMessage("news");
}

async function openApp(address: string): Promise<unknown> {
  const [page] = await pages();
  if (!page) return self.clients.openWindow(address);
  page.postMessage("news");
  return page.focus();
}

async function pages(): Promise<readonly WindowClient[]> {
  const windows = await self.clients.matchAll({ type: "window", includeUncontrolled: true });
  return windows.filter((it) => new URL(it.url).pathname.startsWith(SCOPE));
}

async function renew(made: PushSubscription | null): Promise<void> {
  const kept = await read();
  if (!kept?.endpoint || !kept.view) return;
  const subscription = made ?? (await subscribe(self.registration.pushManager, kept.view.push_key));
  await tellServer(kept.token, subscription, kept.locale);
  await write({ ...kept, endpoint: subscription.endpoint });
}
