import { expect, test } from "vitest";
import { newSecret, uuid7 } from "./ids";
import { lineProblem, linesProblem, normalized } from "./text";

test("M3 text is kept as NFC, without space around it", () => {
  expect(normalized("  Jose\u0301  ")).toBe("José");
});

test.each(["Siti", "王", "عبد الله", "O’Brien-Łukasz", "=HYPERLINK(1)", "<b>Budi</b>", "🙂"])(
  "M3 any script and any markup is only text: %s",
  (text) => expect(lineProblem(text)).toBeNull(),
);

test.each(["a\u0000b", "a\tb", "a\nb", "\u202eabc", "a\u200fb", "\u2066x", "\u0085", "\ud800"])(
  "M3 control and bidirectional characters are refused: %j",
  (text) => expect(lineProblem(text)).toBe("forbidden"),
);

test("M3 a note may have lines, and nothing else that is invisible", () => {
  expect(linesProblem("satu\ndua")).toBeNull();
  expect(linesProblem("satu\tdua")).toBe("forbidden");
});

test("M3 text is bounded by characters", () => {
  expect(lineProblem("x".repeat(200))).toBeNull();
  expect(lineProblem("x".repeat(201))).toBe("too_long");
});

test("M4 ids are UUIDv7 in the order of time", () => {
  const early = uuid7(1_000_000);
  expect(early).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  expect(early < uuid7(1_000_001)).toBe(true);
});

test("M19 a secret is 43 characters of base64url", () => {
  expect(newSecret()).toMatch(/^[A-Za-z0-9_-]{43}$/);
});
