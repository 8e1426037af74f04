import "fake-indexeddb/auto";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { RondaDB } from "./db";
import { codeAsPrinted, codeInFragment, enrol } from "./enrolment";
import { EMPTY_REPORT, saveReport } from "./outbox";
import { AREA, enrolledPhone, named, NOON, SCOPE } from "./phone.fixture";
import type { EnrolRequest } from "./protocol";

const sent: EnrolRequest[] = [];
let answers: (() => Response)[];
const now = () => NOON;
const welcome = () => Response.json({ now: NOON + 5000, scope: SCOPE });
const lost = () => {
  throw new TypeError("network changed");
};

beforeEach(() => {
  sent.length = 0;
  vi.stubGlobal("fetch", async (_path: string, init: RequestInit) => {
    sent.push(JSON.parse(init.body as string) as EnrolRequest);
    return answers.shift()!();
  });
});

afterEach(() => vi.unstubAllGlobals());

test("M19 a lost answer is asked for again with the same code, id and secret", async () => {
  const db = new RondaDB("enrol-1");
  answers = [lost, welcome];
  expect(await enrol(db, "abcde-12345", "HP", now)).toBe("offline");
  db.close();
  await db.open();
  expect(await enrol(db, "ABCDE 12345", "HP", now)).toBeNull();
  expect(sent[1]).toEqual(sent[0]);
  expect(sent[0]!.code).toBe("ABCDE-12345");
  const phone = (await db.meta.get("phone"))!;
  expect([phone.enrolled, phone.secret, phone.offset]).toEqual([true, sent[0]!.secret, 5000]);
  expect(await db.candidates.count()).toBe(0);
});

test("M19 a code that is not valid changes nothing", async () => {
  const db = await enrolledPhone();
  answers = [() => Response.json({ code: "code_invalid" }, { status: 400 })];
  expect(await enrol(db, "XXXXX-XXXXX", "HP", now)).toBe("code_invalid");
  expect((await db.meta.get("phone"))?.secret).toBe("s".repeat(43));
});

test("M19 enrolling again keeps what waits, and starts the pull over", async () => {
  const db = await enrolledPhone();
  await db.meta.update("phone", { cursor: "c7" });
  await saveReport(db, {
    record_id: null,
    area_id: AREA,
    base: EMPTY_REPORT,
    report: named("Rahim"),
    now: NOON,
  });
  answers = [welcome];
  await enrol(db, "ABCDE-12345", "HP", now);
  expect(await db.outbox.count()).toBe(1);
  expect((await db.meta.get("phone"))?.cursor).toBe("");
});

test("M19 a code that was tried before the last full pull does not bring back what that pull swept", async () => {
  const db = await enrolledPhone();
  answers = [lost, welcome];
  await enrol(db, "ABCDE-12345", "HP", now);
  await db.meta.update("phone", { generation: 5 });
  await enrol(db, "ABCDE-12345", "HP", now);
  expect((await db.meta.get("phone"))?.generation).toBe(5);
});

test("M19 the code is read from the link's fragment and from any way of typing it", () => {
  expect(codeInFragment("#kode=abcde-12345")).toBe("ABCDE-12345");
  expect(codeInFragment("#/laporan")).toBe("");
  expect(codeAsPrinted(" abcde 12345 ")).toBe("ABCDE-12345");
});
