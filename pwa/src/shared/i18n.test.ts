import { afterEach, expect, test } from "vitest";
import { language, texts } from "./i18n.svelte";
import { shared } from "./texts";

afterEach(() => language.choose("id"));

test("the interface is Indonesian until somebody chooses English", () => {
  const hello = texts({ hello: "Selamat datang" }, { hello: "Welcome" });
  expect(hello().hello).toBe("Selamat datang");
  language.choose("en");
  expect(hello().hello).toBe("Welcome");
});

test("each problem has a sentence in both languages", () => {
  const indonesian = Object.keys(shared().problems);
  language.choose("en");
  expect(Object.keys(shared().problems)).toEqual(indonesian);
});
