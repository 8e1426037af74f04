// One browser's subscription to Web Push: made here, told to the server here. Page and service worker share it.
import { call } from "../shared/api";
import type { Locale, SubscriptionRequest, UnsubscribeRequest } from "../shared/protocol";

const SUBSCRIBE_MS = 20_000;

/** The browser's push service did not give a subscription. */
export class NoSubscription extends Error {}

/** The present subscription if it is made for this key, else a new one. `subscribe` may never settle, hence the limit. */
export async function subscribe(
  manager: PushManager,
  key: string,
  limitMs = SUBSCRIBE_MS,
): Promise<PushSubscription> {
  const present = await manager.getSubscription();
  if (present && sameKey(present, key)) return present;
  await present?.unsubscribe();
  const options = { userVisibleOnly: true, applicationServerKey: bytesOf(key) };
  return within(limitMs, manager.subscribe(options)).catch((error: unknown) => {
    throw new NoSubscription(String(error));
  });
}

export function tellServer(token: string, subscription: PushSubscription, locale: Locale): Promise<void> {
  const { endpoint, keys } = subscription.toJSON();
  const { p256dh = "", auth = "" } = keys ?? {};
  const body: SubscriptionRequest = { endpoint: endpoint ?? "", p256dh, auth, locale };
  return call("/api/application/subscription", { method: "PUT", bearer: token, body });
}

export function tellServerOff(token: string, endpoint: string): Promise<void> {
  const body: UnsubscribeRequest = { endpoint };
  return call("/api/application/unsubscription", { method: "POST", bearer: token, body });
}

/** `promise`, or a failure when it has not settled after so many milliseconds. */
export function within<T>(ms: number, promise: Promise<T>): Promise<T> {
  return new Promise((done, failed) => {
    const timer = setTimeout(() => failed(new NoSubscription("timeout")), ms);
    promise.then(done, failed).finally(() => clearTimeout(timer));
  });
}

export function bytesOf(base64url: string): Uint8Array<ArrayBuffer> {
  const text = atob(base64url.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

function sameKey(subscription: PushSubscription, key: string): boolean {
  const used = new Uint8Array(subscription.options.applicationServerKey ?? new ArrayBuffer(0));
  const wanted = bytesOf(key);
  return used.length === wanted.length && used.every((byte, index) => byte === wanted[index]);
}
