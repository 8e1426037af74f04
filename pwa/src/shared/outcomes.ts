// How mutations ended: the server's outcomes written to their rows (SPEC M5), and what the kelurahan decides later of
// those in quarantine (SPEC M21). Nothing is deleted here.
import type { MutationStatus, OutboxRow, RondaDB } from "./db";
import { isRefused, showAgain } from "./outbox";
import { MAX_MUTATIONS } from "./protocol";
import type { Instant, Outcome, OutcomeKind } from "./protocol";

const STATUS_OF: Partial<Record<string, MutationStatus>> = {
  applied: "acknowledged",
  merged: "acknowledged",
  conflicted: "acknowledged",
  replayed: "acknowledged",
  quarantined: "quarantined",
  rejected: "rejected",
};

/** What became of the mutation itself, whether it was told now or once more. */
export function kindOf({ outcome, was }: Outcome): OutcomeKind {
  return outcome === "replayed" ? (was ?? outcome) : outcome;
}

/** How the mutation ended; undefined to be sent again, also for a word of a newer server. */
export function statusOf(outcome: Outcome): MutationStatus | undefined {
  return STATUS_OF[kindOf(outcome)];
}

/** The row with its outcome. A conflict is to be told once it is settled, and once only. */
export function answered(row: OutboxRow, outcome: Outcome, at: Instant): OutboxRow {
  const status = statusOf(outcome);
  if (!status) return row;
  const next: OutboxRow = { ...row, status, outcome, answered_at: at };
  const known = row.outcome !== null && kindOf(row.outcome) === "conflicted";
  return !known && kindOf(outcome) === "conflicted" ? { ...next, disputed: 1 } : next;
}

/** The quarantined mutations to ask for after that seq; those that do not fit have their turn in a later run. */
export async function toAsk(db: RondaDB, after: number): Promise<OutboxRow[]> {
  const held = await db.outbox.where({ status: "quarantined" }).sortBy("seq");
  const later = held.filter((row) => row.seq > after);
  return (later.length > 0 ? later : held).slice(0, MAX_MUTATIONS);
}

/** Take what was decided meanwhile: released, it is one of the acknowledged; discarded, it is to be read again. */
export async function takeTold(db: RondaDB, told: Outcome[], at: Instant): Promise<void> {
  for (const outcome of told) {
    const { mutation_id } = outcome;
    const row = await db.outbox.where({ mutation_id }).first();
    const status = statusOf(outcome);
    if (!row || !isRefused(row) || !status || status === row.status) continue;
    await db.outbox.put({ ...answered(row, outcome, at), seen: false });
    const record = await db.records.get(row.record_id);
    if (record) await showAgain(db, record);
  }
}
