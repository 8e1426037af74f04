import { expect, test, vi } from "vitest";
import { fileNil } from "../shared/outbox";
import { AREA, enrolledPhone } from "../shared/phone.fixture";

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
