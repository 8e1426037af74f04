// What the counter may do with an application, and how one is found in the list.
import { call } from "../shared/api";
import type { Tone } from "../shared/icons";
import type { CounterRow, Event, EventRequest, State } from "../shared/protocol";

/** Events that an applicant will want to know the reason of. */
const REASONED: readonly Event[] = ["hold", "reject", "cancel", "expire"];

const TONES: Partial<Record<State, Tone>> = {
  ready: "done",
  collected: "done",
  on_hold: "person",
  rejected: "person",
};

export const needsReason = (event: Event): boolean => REASONED.includes(event);

export const toneOf = (state: State): Tone => TONES[state] ?? "plain";

/** Rows whose number or name holds what was typed; blanks in a number do not matter. */
export function matching(rows: readonly CounterRow[], typed: string): CounterRow[] {
  const wanted = typed.trim().toLocaleLowerCase();
  const digits = wanted.replace(/\s/g, "");
  return rows.filter((row) => row.number.includes(digits) || row.name.toLocaleLowerCase().includes(wanted));
}

export function send(row: CounterRow, event: Event, reason: string): Promise<CounterRow> {
  const body: EventRequest = { event, reason };
  return call(`/api/applications/${row.application_id}/events`, { method: "POST", body });
}
