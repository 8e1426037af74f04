import { afterEach, expect, test, vi } from "vitest";
import { takeFromAddress, tokenOf } from "./link";
import { TOKEN } from "./paspor.fixture";

afterEach(() => vi.unstubAllGlobals());

function address(hash: string): ReturnType<typeof vi.fn> {
  const replaceState = vi.fn();
  vi.stubGlobal("location", { hash, pathname: "/paspor/" });
  vi.stubGlobal("history", { replaceState });
  return replaceState;
}

test("P4 a link carries 22 characters in its fragment, and nothing less is one", () => {
  expect(tokenOf(` https://ronda.example/paspor/#t=${TOKEN}\n`)).toBe(TOKEN);
  expect(tokenOf(`https://ronda.example/paspor/?t=${TOKEN}`)).toBeNull();
  expect(tokenOf(`#t=${TOKEN.slice(1)}`)).toBeNull();
  expect(tokenOf(`#t=${TOKEN}x`)).toBeNull();
});

test("P4 the secret leaves the address bar as soon as it is read", () => {
  const replaceState = address(`#t=${TOKEN}`);
  expect(takeFromAddress()).toEqual({ token: TOKEN });
  expect(replaceState).toHaveBeenCalledWith(null, "", "/paspor/");
});

test("a broken link asks for something that cannot be opened; no link asks for nothing", () => {
  address("#t=short");
  expect(takeFromAddress()).toEqual({ token: null });
  address("");
  expect(takeFromAddress()).toBeNull();
});
