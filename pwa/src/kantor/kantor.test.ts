import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { CounterRow } from "../shared/protocol";
import { matching, needsReason, send } from "./counter";
import { Resource } from "./resource.svelte";
import { viewAt, viewsFor } from "./route.svelte";
import { session } from "./session.svelte";

const USER = { user_id: "u1", name: "Sri Lestari", role: "lurah", area: "Contoh" };
const ROW: CounterRow = {
  application_id: "a1",
  number: "1234567890123456",
  name: "Wati Contoh",
  service: "regular",
  state: "processing",
  visit_on: "2026-11-20",
  paid: true,
  promised_on: "2026-11-26",
  allowed: ["finish"],
};

let server: Server;
let answers: Record<string, [number, unknown]>;
let asked: string[];
let remembered: Map<string, string>;

beforeEach(async () => {
  answers = {};
  asked = [];
  remembered = new Map();
  vi.stubGlobal("localStorage", {
    getItem: (key: string) => remembered.get(key) ?? null,
    setItem: (key: string, value: string) => remembered.set(key, value),
    removeItem: (key: string) => remembered.delete(key),
  });
  server = createServer((request, response) => {
    const key = `${request.method} ${request.url}`;
    asked.push(key);
    const [status, body] = answers[key] ?? [404, { code: "not_found" }];
    response.writeHead(status).end(status === 204 ? undefined : JSON.stringify(body));
  });
  await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const { fetch } = globalThis;
  vi.stubGlobal("fetch", (path: string, init: RequestInit) => fetch(origin + path, init));
});

afterEach(async () => {
  await session.signOut();
  vi.unstubAllGlobals();
  server.close();
});

const signIn = (): Promise<void> => session.signIn({ username: "sri", password: "x" });

test("a device on which nobody has signed in does not ask the server", async () => {
  await session.resume();
  expect(asked).toEqual([]);
});

test("a session is resumed by its cookie, and a refused one says that it has ended", async () => {
  answers = { "POST /api/session": [200, USER], "GET /api/session": [401, { code: "unauthorized" }] };
  await signIn();
  expect(session.user).toEqual(USER);
  await session.resume();
  expect(session.user).toBeNull();
  expect(session.ended).toBe(true);
});

test("wrong credentials are told as such", async () => {
  answers = { "POST /api/session": [401, { code: "credentials_invalid" }] };
  await signIn();
  expect(session.problem).toBe("credentials_invalid");
});

test("a view that is refused for want of a session leads back to the sign-in", async () => {
  answers = { "POST /api/session": [200, USER], "GET /api/today": [401, { code: "unauthorized" }] };
  await signIn();
  await new Resource("/api/today").load();
  expect(session.user).toBeNull();
});

test("a failed reload leaves what was there visible", async () => {
  answers = { "GET /api/batches": [200, [1]] };
  const resource = new Resource<number[]>("/api/batches");
  await resource.load();
  answers = { "GET /api/batches": [503, { code: "busy" }] };
  await resource.load();
  expect(resource.data).toEqual([1]);
  expect(resource.problem).toBe("busy");
});

test("what is of the whole city is for immigration and admins; an address of another view is not found", () => {
  expect(viewsFor("lurah")).toEqual(["today", "conflicts", "quarantine", "findings", "phones"]);
  expect(viewsFor("immigration")).toEqual(["today", "batches", "counter"]);
  expect(viewAt("#/loket", "immigration")).toBe("counter");
  expect(viewAt("#/loket", "lurah")).toBeNull();
  expect(viewAt("", "lurah")).toBe("today");
});

test("an application is found by part of its number, with or without blanks, or of its name", () => {
  expect(matching([ROW], "9012 34")).toEqual([ROW]);
  expect(matching([ROW], "wati")).toEqual([ROW]);
  expect(matching([ROW], "")).toEqual([ROW]);
  expect(matching([ROW], "Budi")).toEqual([]);
});

test("an event goes to its application with its reason", async () => {
  const ready = { ...ROW, state: "ready" };
  answers = { "POST /api/applications/a1/events": [200, ready] };
  expect(await send(ROW, "finish", "")).toEqual(ready);
  expect(needsReason("finish")).toBe(false);
  expect(needsReason("reject")).toBe(true);
});
