import { expect, test, vi } from "vitest";
import { fileNil } from "../shared/outbox";
import { AREA, enrolledPhone, OTHER_AREA } from "../shared/phone.fixture";

const DAY = 86_400_000;

const until = (condition: () => boolean) => vi.waitUntil(condition, { timeout: 20_000 });

test("W6 the nil of a phone whose clock is days ahead is seen", async () => {
  const row = (await (await enrolledPhone()).meta.get("phone"))!;
  const { phone } = await import("./phone.svelte");
  await until(() => phone.loaded);
  await phone.db.meta.put({ ...row, offset: -3 * DAY });
  await fileNil(phone.db, [AREA], Date.now());
  phone.db.close();

  vi.resetModules();
  const again = (await import("./phone.svelte")).phone;
  await until(() => again.loaded);
  expect(again.pending).toHaveLength(1);
  expect(again.heard.get(AREA)).toEqual({ by: "nil", confirmed: false });
}, 30_000);

test("A3 an RT that has ended is not reported for and not missed, but its reports have its name", async () => {
  vi.resetModules();
  const { phone } = await import("./phone.svelte");
  await until(() => phone.loaded);
  const row = (await (await enrolledPhone()).meta.get("phone"))!;
  const [area] = row.scope!.areas;
  const ended = { ...area!, area_id: OTHER_AREA, rt: "006", ended: true };
  await phone.db.meta.put({ ...row, scope: { ...row.scope!, areas: [area!, ended] } });
  await until(() => phone.area(OTHER_AREA) !== undefined);
  expect(phone.areas).toEqual([area]);
  expect(phone.unheard.every(({ area_id }) => area_id === AREA)).toBe(true);
  expect(phone.area(OTHER_AREA)?.rt).toBe("006");
}, 30_000);
