import { readFileSync } from "node:fs";
import { expect, test } from "vitest";

const css = readFileSync(new URL("./tokens.css", import.meta.url), "utf-8");
const [light = "", dark = ""] = css.split("@media (prefers-color-scheme: dark)");

type Colours = Map<string, string>;

function coloursOf(block: string): Colours {
  return new Map(
    [...block.matchAll(/--([\w-]+): (#[0-9a-f]{6});/g)].map(([, name, value]) => [name!, value!]),
  );
}

const SCHEMES: Record<string, Colours> = {
  light: coloursOf(light),
  dark: new Map([...coloursOf(light), ...coloursOf(dark)]),
};

/** Relative luminance, WCAG 2.2. */
function luminance(colour: string): number {
  const [red, green, blue] = [1, 3, 5].map((at) => {
    const part = parseInt(colour.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red! + 0.7152 * green! + 0.0722 * blue!;
}

function contrast(colours: Colours, one: string, other: string): number {
  const [low, high] = [one, other].map((name) => luminance(colours.get(name)!)).sort((a, b) => a - b);
  return (high! + 0.05) / (low! + 0.05);
}

const TEXT_ON = {
  ground: ["text", "text-quiet", "accent", "accent-strong", "wait", "done", "person"],
  surface: ["text", "text-quiet", "accent", "wait", "done", "person"],
  accent: ["on-accent"],
  "accent-strong": ["on-accent"],
  header: ["on-header"],
  focus: ["focus-text"],
  "wait-ground": ["wait", "text", "accent"],
  "done-ground": ["done", "text", "accent"],
  "person-ground": ["person", "text", "accent"],
};

test.each(["light", "dark"])("every text can be read on its ground, %s", (scheme) => {
  const pairs = Object.entries(TEXT_ON).flatMap(([ground, texts]) =>
    texts.map((text) => [text, ground] as const),
  );
  const weak = pairs.filter(([text, ground]) => contrast(SCHEMES[scheme]!, text, ground) < 4.5);
  expect(weak).toEqual([]);
});

test.each(["light", "dark"])("the edge of a field can be seen, %s", (scheme) => {
  expect(contrast(SCHEMES[scheme]!, "line-strong", "ground")).toBeGreaterThan(3);
});
