// The browser's own subscription, as a page reaches it. The service worker has another way, and never comes here.
import type { Kept } from "./kept";
import { tellServerOff, within } from "./push";

const READY_MS = 15_000;

export async function pushManager(): Promise<PushManager> {
  return (await within(READY_MS, navigator.serviceWorker.ready)).pushManager;
}

/** Off on this device even when the server cannot be told: the push service will tell it. */
export async function turnOff({ token, endpoint }: Pick<Kept, "token" | "endpoint">): Promise<void> {
  const told = tellServerOff(token, endpoint).catch(() => undefined);
  await (await (await pushManager()).getSubscription())?.unsubscribe();
  await told;
}
