// What every service worker here does with requests: the app's own files come from its cache, so it opens
// without a signal. Never touches /api, and a new version waits until the person asks for it.

/** Put in by the build; see `build/precache.ts`. */
export interface Precache {
  scope: string;
  version: string;
  urls: readonly string[];
}

/** What a page tells a waiting worker when the person wants the new version. */
export const ACTIVATE = "activate";

export const cacheName = ({ scope, version }: Precache): string => `ronda:${scope}:${version}`;

/** Fetches all files of this version; fails as a whole, so that a version is never half there. */
export async function fill(list: Precache, caches: CacheStorage): Promise<void> {
  const cache = await caches.open(cacheName(list));
  await cache.addAll(list.urls.map((url) => new Request(url, { cache: "no-cache" })));
}

/** Removes the other versions of the same scope. */
export async function sweep(list: Precache, caches: CacheStorage): Promise<void> {
  const prefix = `ronda:${list.scope}:`;
  const old = (await caches.keys()).filter((name) => name.startsWith(prefix) && name !== cacheName(list));
  await Promise.all(old.map((name) => caches.delete(name)));
}

/** The address in the cache that answers this request; null where the request is none of the worker's business. */
export function cachedAddress(list: Precache, request: Request, origin: string): string | null {
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== origin) return null;
  if (request.mode === "navigate") return url.pathname.startsWith(list.scope) ? list.scope : null;
  return list.urls.includes(url.pathname) && url.pathname !== list.scope ? url.pathname : null;
}

/** From the cache; from the network where the browser has emptied it. */
export async function answer(
  list: Precache,
  address: string,
  request: Request,
  caches: CacheStorage,
): Promise<Response> {
  const cached = await caches.match(address, { cacheName: cacheName(list) });
  return cached ?? fetch(request);
}
