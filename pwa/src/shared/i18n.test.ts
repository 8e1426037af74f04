import { afterEach, expect, test } from "vitest";
import { language, texts } from "./i18n.svelte";
import { shared } from "./texts";
import { names as fields } from "../kantor/fields";
import { t as kantor } from "../kantor/texts";
import { t as paspor } from "../paspor/texts";
import { t as petugas } from "../petugas/texts";

afterEach(() => language.choose("id"));

test("the interface is Indonesian until somebody chooses English", () => {
  const hello = texts({ hello: "Selamat datang" }, { hello: "Welcome" });
  expect(hello().hello).toBe("Selamat datang");
  language.choose("en");
  expect(hello().hello).toBe("Welcome");
});

/** The paths of all texts, so that a forgotten or empty one shows; only of an empty value nothing may be said. */
function paths(value: unknown, path = ""): string[] {
  if (typeof value !== "object" || value === null)
    return value === "" && !path.endsWith(".") ? [`${path} has no text`] : [path];
  return Object.entries(value).flatMap(([key, inner]) => paths(inner, `${path}.${key}`));
}

test.each(Object.entries({ shared, paspor, kantor, fields, petugas }))(
  "%s speaks both languages",
  (_, dictionary) => {
    const indonesian = paths(dictionary());
    language.choose("en");
    expect(paths(dictionary())).toEqual(indonesian);
    expect(indonesian.filter((path) => path.endsWith("has no text"))).toEqual([]);
  },
);
