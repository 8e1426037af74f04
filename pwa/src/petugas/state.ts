// What the officer is told of a record and of a window. Pure.
import type { OutboxRow, RecordRow } from "../shared/db";
import type { Tone } from "../shared/icons";
import type { BatchMark, Day, Groups, Report, Uuid } from "../shared/protocol";
import { decisionOf } from "./decision";
import { changedGroups, isPending, isRefused, mutationOf } from "../shared/outbox";

export type RecordState =
  | { is: "refused" }
  | { is: "waiting" }
  | { is: "differs" }
  | { is: "decided" }
  | { is: "batched"; batch: BatchMark }
  | { is: "sent" };

/** `rows` are the record's mutations; what needs a person comes first, and green last. */
export function stateOf(record: RecordRow, rows: OutboxRow[]): RecordState {
  if (rows.some(isPending)) return { is: "waiting" };
  if (rows.some((row) => isRefused(row) && (!row.seen || record.server === null))) return { is: "refused" };
  const { server } = record;
  if (server?.kind === "report" && server.conflicts > 0) return { is: "differs" };
  if (server === null) return { is: "waiting" };
  if (decisionOf(record, rows)) return { is: "decided" };
  return server.batch ? { is: "batched", batch: server.batch } : { is: "sent" };
}

/** How an RT was heard of in a window; `confirmed` when the server has said so and nothing of it waits. */
export interface Heard {
  by: "nil" | "report";
  confirmed: boolean;
}

/** The RTs that have a nil or a report in the window (SPEC W6), as far as this phone knows. */
export function heardAreas(records: RecordRow[], rows: OutboxRow[], window: string): Map<Uuid, Heard> {
  const pending = new Set(rows.filter(isPending).map((row) => row.record_id));
  const refused = new Set(rows.filter(isRefused).map((row) => row.record_id));
  const heard = new Map<Uuid, Heard>();
  for (const record of records) {
    const waits = pending.has(record.record_id);
    const unknown = record.server === null && !waits && refused.has(record.record_id);
    if (unknown || (record.window !== window && record.heard !== window)) continue;
    const other = heard.get(record.area_id);
    const confirmed = record.server !== null && !waits;
    heard.set(record.area_id, {
      by: other?.by === "report" ? "report" : record.kind,
      confirmed: confirmed || other?.confirmed === true,
    });
  }
  return heard;
}

/** Green is for what the server confirmed, and for all of it. */
export function heardTone(heard: (Heard | undefined)[]): Tone {
  return heard.every((each) => each?.confirmed) ? "done" : "wait";
}

/** How many foreigners stay in each RT, as far as this phone knows; what was refused is no report. */
export function stayingIn(reports: RecordRow[], refused: OutboxRow[], today: Day): Map<Uuid, number> {
  const unknown = new Set(refused.map((row) => row.record_id));
  const staying = new Map<Uuid, number>();
  for (const { record_id, area_id, server, report, removed } of reports) {
    const departure = report?.stay.departure ?? "";
    const gone = removed || (departure !== "" && departure <= today);
    if (gone || (server === null && unknown.has(record_id))) continue;
    staying.set(area_id, (staying.get(area_id) ?? 0) + 1);
  }
  return staying;
}

/** What this phone wrote into groups of a report where the server holds something else. */
export function ownDiffering(server: Report, rows: OutboxRow[]): Groups {
  const conflicted = rows.filter((row) => (row.outcome?.was ?? row.outcome?.outcome) === "conflicted");
  const written = conflicted
    .map(mutationOf)
    .map((mutation) => (mutation.kind === "report" ? mutation.changes : {}));
  return changedGroups(server, Object.assign({ ...server }, ...written) as Report);
}

/** Those who are still here come first, then by the last change. */
export function inOrder(reports: RecordRow[]): RecordRow[] {
  const gone = (record: RecordRow) => (record.report?.stay.departure ? 1 : 0);
  return [...reports].sort((a, b) => gone(a) - gone(b) || b.changed_at - a.changed_at);
}
