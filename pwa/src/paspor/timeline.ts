// What an applicant's timeline shows: what was, what is, and on the ordinary way what comes.
import { CITY_ZONE, dayOf } from "../shared/format";
import type { Tone } from "../shared/icons";
import type { ApplicationView, Day, State } from "../shared/protocol";

const WAY: readonly State[] = ["booked", "attended", "processing", "ready", "collected"];
const DAY_MS = 86_400_000;
const DAYS_TO_COLLECT = 30;

const TONES: Record<State, Tone> = {
  booked: "wait",
  attended: "wait",
  processing: "wait",
  ready: "done",
  collected: "done",
  on_hold: "person",
  rejected: "person",
  cancelled: "person",
  expired: "person",
};

/** Amber waits, green is done, red needs a person. */
export const toneOf = (state: State): Tone => TONES[state];

export interface Line {
  state: State;
  when: "past" | "now" | "next";
  /** The day it happened, or the day it is expected; empty where nobody knows. */
  day: Day;
  reason: string;
}

export function linesOf(view: ApplicationView): Line[] {
  const known = view.timeline.map((step, index): Line => {
    const when = index === view.timeline.length - 1 ? "now" : "past";
    return { state: step.state, when, day: dayOf(step.at, CITY_ZONE), reason: step.reason };
  });
  const place = WAY.indexOf(view.state);
  const coming = place < 0 ? [] : WAY.slice(place + 1);
  return [
    ...known,
    ...coming.map((state): Line => ({ state, when: "next", day: expected(view, state), reason: "" })),
  ];
}

function expected(view: ApplicationView, state: State): Day {
  if (state === "attended") return view.visit_on;
  return state === "ready" && view.paid ? view.promised_on : "";
}

/** Why the application is where it is; empty where nobody gave a reason. */
export function reasonNow(view: ApplicationView): string {
  return view.timeline[view.timeline.length - 1]?.reason ?? "";
}

/** The last day on which a ready passport can be collected; empty while it is not ready. */
export function collectBy(view: ApplicationView): Day {
  const ready = view.state === "ready" && view.timeline.find((step) => step.state === "ready");
  return ready ? dayOf(ready.at + DAYS_TO_COLLECT * DAY_MS) : "";
}
