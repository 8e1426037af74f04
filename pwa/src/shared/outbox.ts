// The officer's changes, written as record + mutation in one transaction (SPEC M4, M6), to be sent by exchange.ts.
// What was ever sent never changes; nothing here speaks to the network.
//
// Several edits of one report may share a mutation while it was never sent and its window is the same: it keeps its
// id, its base and its place, the changes come together, and the capture becomes the latest one. Edits in two windows
// stay two mutations, since each fulfils its own (SPEC W6).
import type { OutboxRow, RecordRow, RondaDB } from "./db";
import { uuid7 } from "./ids";
import { claimPhotos } from "./photos";
import { GROUPS } from "./protocol";
import type { FileNil, Groups, Instant, RemoveReport, Report, SaveReport, Sha256, Uuid } from "./protocol";
import { windowAt } from "./windows";

/** A form that was begun, as a phone that is not trusted any more hands it in: the server keeps it unread (SPEC D2). */
export interface HandedDraft {
  kind: "draft";
  mutation_id: Uuid;
  record_id: Uuid;
  area_id: Uuid;
  captured_at: Instant;
  form: Record<string, string>;
  photos: Sha256[];
}

type Own = SaveReport | RemoveReport | FileNil | HandedDraft;

export const EMPTY_REPORT: Report = {
  identity: { full_name: "", sex: "", birth_date: "", birth_place: "", nationality: "" },
  document: { kind: "none", number: "", issuing_state: "", expiry: "", reason: "" },
  permit: { kind: "", number: "", expiry: "" },
  stay: {
    address: "",
    lodging: "",
    lodging_name: "",
    owner: "",
    owner_phone: "",
    arrival: "",
    departure: "",
    purpose: "",
    sponsor: "",
  },
  note: "",
  photos: [],
};

/** Equal as values, whatever the order of the keys. */
function equal(a: unknown, b: unknown): boolean {
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return a === b;
  const left = a as Record<string, unknown>;
  const right = b as Record<string, unknown>;
  const keys = Object.keys(left);
  return keys.length === Object.keys(right).length && keys.every((key) => equal(left[key], right[key]));
}

/** The groups that differ, as the second holds them. */
export function changedGroups(before: Report, after: Report): Groups {
  const differing = GROUPS.filter((group) => !equal(before[group], after[group]));
  return Object.fromEntries(differing.map((group) => [group, after[group]]));
}

function only(groups: Groups, report: Report): Groups {
  return Object.fromEntries(GROUPS.filter((group) => group in groups).map((group) => [group, report[group]]));
}

export function mutationOf(row: OutboxRow): Own {
  return JSON.parse(row.body) as Own;
}

/** Still to be sent, or sent and not answered. */
export function isPending(row: OutboxRow): boolean {
  return row.status === "new" || row.status === "sent";
}

export function isRefused(row: OutboxRow): boolean {
  return row.status === "quarantined" || row.status === "rejected";
}

/**
 * Whether a mutation is part of what is shown: until the server's state is at least the version that answered it.
 * One that was not accepted is shown only where the server knows nothing of the record.
 */
function isVisible(row: OutboxRow, server: RecordRow["server"]): boolean {
  if (isRefused(row)) return server === null;
  return row.outcome === null || row.outcome.version > (server?.version ?? 0);
}

/** What is shown of a record: the server's state, then the phone's own mutations in order. */
export function shown(
  server: RecordRow["server"],
  rows: OutboxRow[],
): { report: Report | null; removed: boolean } {
  const start = server?.kind === "report" ? server.report : null;
  let report = start;
  let removed = server?.kind === "report" && server.removed;
  for (const row of rows.filter((candidate) => isVisible(candidate, server))) {
    const mutation = mutationOf(row);
    if (mutation.kind === "report") report = { ...(report ?? EMPTY_REPORT), ...mutation.changes };
    removed = mutation.kind === "remove" || (removed && mutation.kind !== "report");
  }
  return { report, removed };
}

/** Whether the server holds the record, or may by what was not refused. */
async function isHeld(db: RondaDB, record_id: Uuid): Promise<boolean> {
  if ((await db.records.get(record_id))?.server) return true;
  const rows = await db.outbox.where({ record_id }).toArray();
  return !rows.every(isRefused);
}

/** Where the server refused how a report begins, the first edit that was never sent begins it, with all groups. */
export async function beginAgain(db: RondaDB, record_id: Uuid): Promise<void> {
  if ((await db.records.get(record_id))?.server) return;
  const rows = await db.outbox.where({ record_id }).sortBy("seq");
  const next = rows.findIndex((row) => !isRefused(row));
  if (rows[next]?.status !== "new") return;
  const mutation = mutationOf(rows[next]);
  if (mutation.kind !== "report") return;
  const { report } = shown(null, rows.slice(0, next + 1));
  const changes = changedGroups(EMPTY_REPORT, report!);
  const whole: SaveReport = { ...mutation, changes, base: only(changes, EMPTY_REPORT) };
  await db.outbox.update(rows[next].seq, { body: JSON.stringify(whole) });
}

async function windowNow(db: RondaDB, now: Instant): Promise<string> {
  const phone = await db.meta.get("phone");
  return phone?.scope ? windowAt(now + phone.offset, phone.scope.schedule).id : "";
}

/** The last of the outbox, in the transaction of the caller. */
export async function append(db: RondaDB, mutation: Own): Promise<void> {
  await db.outbox.add({
    mutation_id: mutation.mutation_id,
    record_id: mutation.record_id,
    status: "new",
    body: JSON.stringify(mutation),
    outcome: null,
    answered_at: null,
    seen: false,
  });
}

/** The last mutation of the record, when the new one may be folded into it; the rule stands at the top of the file. */
async function foldable(
  db: RondaDB,
  next: SaveReport,
): Promise<{ row: OutboxRow; earlier: SaveReport } | null> {
  const row = (await db.outbox.where({ record_id: next.record_id }).sortBy("seq")).pop();
  if (!row || row.status !== "new") return null;
  const earlier = mutationOf(row);
  if (earlier.kind !== "report") return null;
  const continues = GROUPS.every(
    (group) =>
      !(group in next.base && group in earlier.changes) || equal(next.base[group], earlier.changes[group]),
  );
  const [was, is] = await Promise.all([windowNow(db, earlier.captured_at), windowNow(db, next.captured_at)]);
  return continues && was === is ? { row, earlier } : null;
}

async function appendOrFold(db: RondaDB, next: SaveReport): Promise<void> {
  const found = await foldable(db, next);
  if (!found) return append(db, next);
  const folded: SaveReport = {
    ...found.earlier,
    captured_at: next.captured_at,
    changes: { ...found.earlier.changes, ...next.changes },
    base: { ...next.base, ...found.earlier.base },
  };
  await db.outbox.update(found.row.seq, { body: JSON.stringify(folded) });
}

/** What is shown of the record, after its mutations changed. */
export async function showAgain(db: RondaDB, record: RecordRow): Promise<void> {
  const rows = await db.outbox.where({ record_id: record.record_id }).sortBy("seq");
  await db.records.put({ ...record, ...shown(record.server, rows) });
}

async function generation(db: RondaDB): Promise<number> {
  return (await db.meta.get("phone"))?.generation ?? 0;
}

async function recordOf(db: RondaDB, mutation: Own): Promise<RecordRow> {
  const known = await db.records.get(mutation.record_id);
  return {
    record_id: mutation.record_id,
    area_id: mutation.area_id,
    kind: mutation.kind === "nil" ? "nil" : "report",
    server: known?.server ?? null,
    report: known?.report ?? null,
    removed: false,
    window: await windowNow(db, mutation.captured_at),
    heard: known?.heard ?? "",
    changed_at: mutation.captured_at,
    generation: known?.generation ?? (await generation(db)),
  };
}

export interface Save {
  /** null for a report that begins */
  record_id: Uuid | null;
  area_id: Uuid;
  /** what the officer saw when the form was opened; what is in `report` and differs was written by the officer */
  base: Report;
  report: Report;
  now: Instant;
  /** the draft that becomes this report */
  draft_id?: Uuid;
}

/** Save a report, begun or edited. Answers its id; writes no mutation when nothing was changed. */
export async function saveReport(db: RondaDB, save: Save): Promise<Uuid> {
  const record_id = save.record_id ?? uuid7(save.now);
  await db.transaction("rw", [db.records, db.outbox, db.drafts, db.meta, db.photos], async () => {
    if (save.draft_id) await db.drafts.delete(save.draft_id);
    await claimPhotos(db, save.report.photos, save.now);
    if (equal(save.base, save.report)) return;
    const base = (await isHeld(db, record_id)) ? save.base : EMPTY_REPORT;
    const changes = changedGroups(base, save.report);
    const mutation: SaveReport = {
      kind: "report",
      mutation_id: uuid7(save.now),
      record_id,
      area_id: save.area_id,
      captured_at: save.now,
      changes,
      base: only(changes, base),
    };
    await appendOrFold(db, mutation);
    await showAgain(db, await recordOf(db, mutation));
  });
  return record_id;
}

/** Take back a report that was a mistake (SPEC M11). */
export async function removeReport(db: RondaDB, record_id: Uuid, now: Instant): Promise<void> {
  await db.transaction("rw", db.records, db.outbox, db.meta, async () => {
    const record = await db.records.get(record_id);
    if (!record?.report || record.removed) return;
    const { area_id, report } = record;
    const mutation: RemoveReport = {
      kind: "remove",
      mutation_id: uuid7(now),
      record_id,
      area_id,
      captured_at: now,
      base: { ...report },
    };
    await append(db, mutation);
    await showAgain(db, await recordOf(db, mutation));
  });
}

/** File a nil for each of the RTs that have none in this window; answers for how many. */
export async function fileNil(db: RondaDB, area_ids: Uuid[], now: Instant): Promise<number> {
  return db.transaction("rw", db.records, db.outbox, db.meta, async () => {
    const window = await windowNow(db, now);
    const filed = new Set<Uuid>();
    for (const nil of await db.records.where({ kind: "nil", window }).toArray()) {
      if (await isHeld(db, nil.record_id)) filed.add(nil.area_id);
    }
    const missing = area_ids.filter((area_id) => !filed.has(area_id));
    for (const area_id of missing) {
      const ids = { mutation_id: uuid7(now), record_id: uuid7(now) };
      const mutation: FileNil = { kind: "nil", ...ids, area_id, captured_at: now };
      await append(db, mutation);
      await showAgain(db, await recordOf(db, mutation));
    }
    return missing.length;
  });
}

/** The officer has read what was decided of the conflicts of a report. */
export async function markDecisionRead(db: RondaDB, record_id: Uuid): Promise<void> {
  await db.outbox.where({ record_id }).modify((row) => void delete row.disputed);
}

/** The officer has read why a mutation was not accepted. It stays in the outbox. */
export async function markSeen(db: RondaDB, mutation_id: Uuid): Promise<void> {
  await db.outbox.where({ mutation_id }).modify({ seen: true });
}
