import { expect, test, vi } from "vitest";
import { answer, cachedAddress, cacheName, fill, sweep, type Precache } from "./sw-cache";

const ORIGIN = "https://ronda.example";
const LIST: Precache = { scope: "/paspor/", version: "2", urls: ["/paspor/", "/assets/a.js"] };

const asked = (path: string, mode = "cors", method = "GET"): Request =>
  ({ url: new URL(path, ORIGIN).href, mode, method }) as Request;

const addressed = (request: Request): string | null => cachedAddress(LIST, request, ORIGIN);

test("every page below the scope is answered with the app's one page", () => {
  expect(addressed(asked("/paspor/", "navigate"))).toBe("/paspor/");
  expect(addressed(asked("/paspor/anything?x=1", "navigate"))).toBe("/paspor/");
  expect(addressed(asked("/kantor/", "navigate"))).toBeNull();
});

test("only the app's own files come from the cache: never the API, never a change, never another origin", () => {
  expect(addressed(asked("/assets/a.js"))).toBe("/assets/a.js");
  expect(addressed(asked("/assets/b.js"))).toBeNull();
  expect(addressed(asked("/api/application"))).toBeNull();
  expect(addressed(asked("/assets/a.js", "cors", "POST"))).toBeNull();
  expect(addressed(asked("https://other.example/assets/a.js"))).toBeNull();
});

test("a version is fetched whole into a cache of its own", async () => {
  const addAll = vi.fn();
  vi.stubGlobal(
    "Request",
    class {
      constructor(
        readonly url: string,
        readonly init: RequestInit,
      ) {}
    },
  );
  const open = vi.fn(async () => ({ addAll }));
  await fill(LIST, { open } as unknown as CacheStorage);
  vi.unstubAllGlobals();
  expect(open).toHaveBeenCalledWith("ronda:/paspor/:2");
  expect(addAll.mock.calls[0]![0].map((it: Request) => it.url)).toEqual(LIST.urls);
});

test("older versions of this scope go, those of other scopes stay", async () => {
  const names = ["ronda:/paspor/:1", cacheName(LIST), "ronda:/petugas/:1"];
  const removed = vi.fn(async () => true);
  await sweep(LIST, { keys: async () => names, delete: removed } as unknown as CacheStorage);
  expect(removed.mock.calls).toEqual([["ronda:/paspor/:1"]]);
});

test("a file that the browser has dropped comes from the network", async () => {
  const fetched = new Response("fetched");
  vi.stubGlobal("fetch", async () => fetched);
  const emptied = { match: async () => undefined } as unknown as CacheStorage;
  expect(await answer(LIST, "/assets/a.js", asked("/assets/a.js"), emptied)).toBe(fetched);
  vi.unstubAllGlobals();
});
