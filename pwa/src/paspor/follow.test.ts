import "fake-indexeddb/auto";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Follow } from "./follow.svelte";
import * as storage from "./kept";
import { application, TOKEN } from "./paspor.fixture";

const OTHER = "x".repeat(22);
const SECOND = "y".repeat(22);
const ENDPOINT = "https://push.example/1";
const VIEW = application(["booked", "attended"]);

let server: Server;
let reachable: boolean;
/** What the server was asked to send no more, and to whose application. */
let turnedOff: string[];
const unsubscribe = vi.fn(async () => true);

/** A server that knows TOKEN and SECOND alone. */
beforeEach(async () => {
  reachable = true;
  turnedOff = [];
  server = createServer((request, response) => {
    const { authorization = "" } = request.headers;
    const known = [TOKEN, SECOND].some((token) => authorization === `Bearer ${token}`);
    if (request.url === "/api/application/unsubscription") {
      request.on("data", (body) => turnedOff.push(`${authorization} ${body}`));
      request.on("end", () => response.writeHead(204).end());
      return;
    }
    response.writeHead(known ? 200 : 401).end(JSON.stringify(known ? VIEW : { code: "unauthorized" }));
  });
  await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const { fetch } = globalThis;
  vi.stubGlobal("fetch", (path: string, init: RequestInit) =>
    reachable ? fetch(origin + path, init) : Promise.reject(new TypeError("offline")),
  );
});

/** A page whose browser has a subscription. */
beforeEach(() => {
  const pushManager = { getSubscription: async () => ({ endpoint: ENDPOINT, unsubscribe }) };
  vi.stubGlobal("navigator", { serviceWorker: { ready: Promise.resolve({ pushManager }) } });
});

afterEach(async () => {
  vi.unstubAllGlobals();
  unsubscribe.mockClear();
  server.close();
  await storage.forget();
});

async function opened(token: string | null | undefined): Promise<Follow> {
  const follow = new Follow();
  await follow.open(token === undefined ? null : { token });
  return follow;
}

test("a link opens its application and is kept with the answer and its time", async () => {
  const follow = await opened(TOKEN);
  expect(follow.phase).toBe("open");
  expect(await storage.read()).toMatchObject({ token: TOKEN, view: VIEW, asOf: VIEW.now });
});

test("without a signal the last answer is shown, and said to be old", async () => {
  await opened(TOKEN);
  reachable = false;
  const follow = await opened(undefined);
  expect(follow.phase).toBe("open");
  expect(follow.problem).toBe("offline");
  expect(follow.kept?.view).toEqual(VIEW);
});

test("a link first opened without a signal is kept until there is one", async () => {
  reachable = false;
  expect((await opened(TOKEN)).phase).toBe("offline");
  reachable = true;
  expect((await opened(undefined)).phase).toBe("open");
});

test("a link that is opened while the server is still asked about another one wins", async () => {
  const follow = new Follow();
  await Promise.all([follow.open({ token: OTHER }), follow.open({ token: TOKEN })]);
  expect(follow.phase).toBe("open");
  expect(await storage.read()).toMatchObject({ token: TOKEN, view: VIEW });
});

test("a link opened without a signal waits, and what is kept stays", async () => {
  await opened(TOKEN);
  reachable = false;
  const follow = await opened(OTHER);
  expect(follow.phase).toBe("offline");
  expect(follow.hasAnother).toBe(true);
  expect(await storage.read()).toMatchObject({ token: TOKEN });
});

test("a link that the server refuses does not displace the one that is kept", async () => {
  await opened(TOKEN);
  const follow = await opened(OTHER);
  expect(follow.phase).toBe("invalid");
  expect(follow.hasAnother).toBe(true);
  await follow.open(null);
  expect(follow.phase).toBe("open");
});

test("a broken link is invalid without asking the server, and no link at all is no error", async () => {
  reachable = false;
  expect((await opened(null)).phase).toBe("invalid");
  expect((await opened(undefined)).phase).toBe("none");
});

test("a forgotten application leaves nothing behind", async () => {
  const follow = await opened(TOKEN);
  await follow.forget();
  expect(follow.phase).toBe("none");
  expect(await storage.read()).toBeUndefined();
});

describe("an application that is followed no more, and of which this browser was to be told,", () => {
  const told = [`Bearer ${TOKEN} {"endpoint":"${ENDPOINT}"}`];
  let follow: Follow;

  beforeEach(async () => {
    follow = await opened(TOKEN);
    await follow.keep({ ...follow.kept!, endpoint: ENDPOINT });
  });

  test("is told of no more when it is forgotten", async () => {
    await follow.forget();
    expect(turnedOff).toEqual(told);
    expect(unsubscribe).toHaveBeenCalledOnce();
    expect(await storage.read()).toBeUndefined();
  });

  test("is told of no more when another takes its place", async () => {
    await follow.open({ token: SECOND });
    expect(turnedOff).toEqual(told);
    expect(unsubscribe).toHaveBeenCalledOnce();
    expect(await storage.read()).toMatchObject({ token: SECOND, endpoint: "" });
  });

  test("is told of no more even when the server cannot be reached", async () => {
    reachable = false;
    await follow.forget();
    expect(unsubscribe).toHaveBeenCalledOnce();
    expect(await storage.read()).toBeUndefined();
  });

  test("is told of still when a wrong link was opened", async () => {
    await follow.open({ token: OTHER });
    expect([turnedOff, unsubscribe.mock.calls]).toEqual([[], []]);
  });
});
