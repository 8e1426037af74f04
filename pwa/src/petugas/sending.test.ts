import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { RondaDB } from "../shared/db";
import { exchange } from "../shared/exchange";
import { fileNil } from "../shared/outbox";
import { AREA, enrolledPhone, NOON, OTHER_AREA, TestPorts, TestServer } from "../shared/phone.fixture";
import { sendInBackground } from "./background";
import { Sending } from "./sending.svelte";

let db: RondaDB;
let ports: TestPorts;
let server: TestServer;
let registered: string[];

beforeEach(async () => {
  db = await enrolledPhone();
  await fileNil(db, [AREA], NOON);
  ports = new TestPorts();
  server = new TestServer();
  registered = [];
  const sync = { register: async (tag: string) => void registered.push(tag) };
  const locks = { request: async (_name: string, work: () => Promise<unknown>) => work() };
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
