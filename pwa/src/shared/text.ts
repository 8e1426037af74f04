// Text as it may go into a report (SPEC M3): NFC, without control and bidirectional characters, of a bounded length.
// The bounds are those of sync/protocol/values.py. Nothing is ever corrected in silence, except to NFC.

export const MAX_LINE = 200;
export const MAX_LINES = 2000;

export type TextProblem = "forbidden" | "too_long";

const CONTROLS = "\\u007f-\\u009f\\u061c\\u200e\\u200f\\u202a-\\u202e\\u2066-\\u2069";
const FORBIDDEN_IN_LINE = new RegExp(`[\\u0000-\\u001f${CONTROLS}]`);
const FORBIDDEN_IN_LINES = new RegExp(`[\\u0000-\\u0009\\u000b-\\u001f${CONTROLS}]`);
const LONE_SURROGATE = /\p{Surrogate}/u;

/** The text as it is kept: NFC, without space around it. */
export function normalized(text: string): string {
  return text.normalize("NFC").trim();
}

function problem(text: string, forbidden: RegExp, bound: number): TextProblem | null {
  if (forbidden.test(text) || LONE_SURROGATE.test(text)) return "forbidden";
  return [...text].length > bound ? "too_long" : null;
}

export function lineProblem(text: string): TextProblem | null {
  return problem(text, FORBIDDEN_IN_LINE, MAX_LINE);
}

export function linesProblem(text: string): TextProblem | null {
  return problem(text, FORBIDDEN_IN_LINES, MAX_LINES);
}
