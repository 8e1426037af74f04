import { expect, test, vi } from "vitest";
import { standingOf, type Browser } from "./notify.svelte";
import { application } from "./paspor.fixture";
import { bytesOf, NoSubscription, subscribe } from "./push";

const KEY = "AQID-_8";

function manager(present: object | null, made: Promise<unknown>): PushManager {
  return { getSubscription: async () => present, subscribe: vi.fn(() => made) } as unknown as PushManager;
}

test("a key is base64url", () => {
  expect([...bytesOf(KEY)]).toEqual([1, 2, 3, 251, 255]);
});

test("a subscription that is made for the server's key is used again", async () => {
  const present = { options: { applicationServerKey: bytesOf(KEY).buffer } };
  expect(await subscribe(manager(present, new Promise(() => {})), KEY)).toBe(present);
});

test("a subscription for another key gives way to a new one", async () => {
  const unsubscribe = vi.fn(async () => true);
  const present = { options: { applicationServerKey: bytesOf("AQID").buffer }, unsubscribe };
  expect(await subscribe(manager(present, Promise.resolve("new")), KEY)).toBe("new");
  expect(unsubscribe).toHaveBeenCalledOnce();
});

test("a push service that fails or never answers gives no subscription", async () => {
  await expect(subscribe(manager(null, Promise.reject(new Error("x"))), KEY)).rejects.toThrow(NoSubscription);
  await expect(subscribe(manager(null, new Promise(() => {})), KEY, 10)).rejects.toThrow(NoSubscription);
});

const BROWSER: Browser = {
  canPush: true,
  isApple: false,
  permission: "granted",
  endpoint: "https://push.example/1",
};
const KEPT = { endpoint: "https://push.example/1", view: application(["booked"]) };

test.each([
  ["on", {}, {}],
  ["off", { endpoint: "" }, {}],
  ["off", {}, { endpoint: "" }],
  ["off", { endpoint: "https://push.example/2" }, {}],
  ["denied", { permission: "denied" }, {}],
  ["unsupported", { canPush: false }, {}],
  ["ios", { canPush: false, isApple: true }, {}],
  ["unavailable", {}, { view: application(["booked"], { push_key: "" }) }],
] as const)("notifications are %s with %j and %j", (standing, browser, kept) => {
  expect(standingOf({ ...BROWSER, ...browser }, { ...KEPT, ...kept })).toBe(standing);
});
