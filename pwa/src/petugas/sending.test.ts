import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { RondaDB } from "../shared/db";
import { exchange } from "../shared/exchange";
import { fileNil } from "../shared/outbox";
import { AREA, enrolledPhone, NOON, OTHER_AREA, TestPorts, TestServer } from "../shared/phone.fixture";
import { PhotoServer } from "../shared/photo-server.fixture";
import { digestOf } from "../shared/photos";
import { sendInBackground } from "./background";
import { Sending } from "./sending.svelte";

let db: RondaDB;
let ports: TestPorts;
let server: TestServer;
let registered: string[];
let locked: string[];

beforeEach(async () => {
  db = await enrolledPhone();
  await fileNil(db, [AREA], NOON);
  ports = new TestPorts();
  server = new TestServer();
  registered = [];
  const sync = { register: async (tag: string) => void registered.push(tag) };
  locked = [];
  const locks = {
    request: async (name: string, work: () => Promise<unknown>) => (locked.push(name), work()),
  };
  vi.stubGlobal("navigator", { locks, serviceWorker: { getRegistration: async () => ({ sync }) } });
  vi.stubGlobal("fetch", server.fetch);
});

afterEach(() => vi.unstubAllGlobals());

/** Shortly before a close, with the longest spread. */
async function shortlyBefore(): Promise<void> {
  ports.time = NOON + 175 * 60_000;
  ports.chance = 1;
  await db.outbox.clear();
  await fileNil(db, [OTHER_AREA], ports.now());
}

test("W7 a save shortly before a close is left to the browser at once, which waits for its turn", async () => {
  await shortlyBefore();
  const slept: number[] = [];
  ports.sleep = (milliseconds) => (slept.push(milliseconds), new Promise(() => undefined));
  await new Sending(db, ports).soon();
  expect([slept, registered, server.received]).toEqual([[60_000], ["exchange"], []]);
  ports.sleep = async (milliseconds) => void (ports.time += milliseconds);
  await sendInBackground(db, ports);
  expect(server.records.size).toBe(1);
});

test("W7 an app that stays open sends when its turn has come", async () => {
  await shortlyBefore();
  await new Sending(db, ports).soon();
  await vi.waitUntil(() => server.records.size === 1);
  expect(ports.time).toBe(NOON + 176 * 60_000);
});

const busy = () => new Response("{}", { status: 503, headers: { "Retry-After": "90" } });

test("M15 a save that is sent at once makes one exchange, and asks the browser for none", async () => {
  await new Sending(db).soon();
  expect(server.received).toHaveLength(1);
  expect(registered).toEqual([]);
});

test("M5 a save that is not sent is left to the browser, too", async () => {
  server.down = true;
  await new Sending(db).soon();
  expect(registered).toEqual(["exchange"]);
});

test("M15 the browser keeps the server's pause, and comes again", async () => {
  server.instead.push(busy);
  await exchange(db, ports);
  await expect(sendInBackground(db, ports)).rejects.toThrow("waiting");
  expect(server.received).toHaveLength(1);
  ports.time += 90_000;
  await sendInBackground(db, ports);
  expect(server.records.size).toBe(1);
});

test("M15 a signal that the browser found ends the pause for want of one", async () => {
  server.down = true;
  await exchange(db, ports);
  await expect(sendInBackground(db, ports)).rejects.toThrow("failed");
  server.down = false;
  await sendInBackground(db, ports);
  expect(server.records.size).toBe(1);
});

test("W7 saves that are held back together make one exchange", async () => {
  await shortlyBefore();
  const wakes: (() => void)[] = [];
  ports.sleep = () => new Promise((wake) => wakes.push(wake));
  const sending = new Sending(db, ports);
  await sending.soon();
  await fileNil(db, [AREA], ports.now());
  await sending.soon();
  expect(wakes).toHaveLength(1);
  ports.time += 60_000;
  wakes[0]!();
  await vi.waitUntil(() => locked.includes("ronda-photos"));
  expect(server.received).toHaveLength(1);
  expect(server.records.size).toBe(2);
});

test("M24 looks do not queue up for a server that is slow", async () => {
  const heard = new Map<string, () => void>();
  const listen = (name: string, heed: () => void) => void heard.set(name, heed);
  vi.stubGlobal("addEventListener", listen);
  vi.stubGlobal("document", { visibilityState: "visible", addEventListener: listen });
  vi.stubGlobal("setInterval", () => 0);
  let answer = (): void => undefined;
  const answered = new Promise<void>((resolve) => (answer = resolve));
  vi.stubGlobal("fetch", async (path: string, init: RequestInit) => {
    await answered;
    return server.fetch(path, init);
  });
  new Sending(db, ports).start();
  for (let looks = 0; looks < 5; looks++) heard.get("focus")!();
  answer();
  await vi.waitUntil(() => locked.length === 2);
  await ports.alone(async () => undefined);
  expect(server.received).toHaveLength(2);
});

test("D2 a revoked phone whose last photo is handed in by the browser is wiped by it, too", async () => {
  const photos = new PhotoServer();
  const both = (path: string, init: RequestInit) =>
    (path.startsWith("/api/photos/") ? photos : server).fetch(path, init);
  vi.stubGlobal("fetch", both);
  const bytes = new Uint8Array(10).buffer;
  await db.photos.put({
    sha256: await digestOf(bytes),
    bytes,
    type: "image/webp",
    state: "waiting",
    at: NOON,
  });
  server.revoked = true;
  await sendInBackground(db, ports);
  expect(photos.kept.size).toBe(1);
  expect(await db.photos.count()).toBe(0);
  expect((await db.meta.get("phone"))?.leaving).toBe("heard");
});
