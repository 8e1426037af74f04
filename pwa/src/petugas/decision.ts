// What the kelurahan decided where data differed: which of this phone's own values stood (SPEC M8, M14). Pure.
import type { OutboxRow, RecordRow } from "../shared/db";
import { changedGroups, mutationOf } from "../shared/outbox";
import type { Groups, Report } from "../shared/protocol";
import { GROUPS } from "../shared/protocol";

export interface Decision {
  /** own groups that the report holds now */
  stood: Groups;
  /** own groups that it does not hold, and what it holds instead */
  fell: Groups;
  instead: Groups;
  /** whether this phone wanted the report removed, and whether it is */
  wished: boolean;
  removed: boolean;
}

function only(report: Report, groups: Groups): Groups {
  return Object.fromEntries(GROUPS.filter((group) => group in groups).map((group) => [group, report[group]]));
}

/** Null until no conflict of the report is open and the server's word is newer than the conflict. */
export function decisionOf({ server }: Pick<RecordRow, "server">, rows: OutboxRow[]): Decision | null {
  const disputed = rows.filter((row) => row.disputed === 1);
  if (server?.kind !== "report" || server.conflicts > 0 || disputed.length === 0) return null;
  if (disputed.some((row) => (row.outcome?.version ?? 0) >= server.version)) return null;
  const mutations = disputed.map(mutationOf);
  const own: Groups = Object.assign(
    {},
    ...mutations.map((each) => (each.kind === "report" ? each.changes : {})),
  );
  const fell = changedGroups(server.report, { ...server.report, ...own });
  const stood = Object.fromEntries(Object.entries(own).filter(([group]) => !(group in fell))) as Groups;
  const wished = mutations.some((each) => each.kind === "remove");
  return { stood, fell, instead: only(server.report, fell), wished, removed: server.removed };
}
