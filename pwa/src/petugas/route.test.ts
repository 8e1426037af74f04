import { afterEach, expect, test, vi } from "vitest";

afterEach(() => {
  vi.unstubAllGlobals();
  vi.resetModules();
});

test.each([
  ["#/laporan/a%20b/ubah", ["laporan", "a b", "ubah"]],
  ["#/", []],
  ["#kode=ABCDE-12345", []],
  ["#/%", []],
])("the address %s has the parts %j", async (hash, parts) => {
  vi.stubGlobal("location", { hash });
  vi.stubGlobal("addEventListener", () => undefined);
  const { route } = await import("./route.svelte");
  expect(route.parts).toEqual(parts);
});
