// What an answer of the server changes on the phone, in one transaction (SPEC M8, M17, M18). Nothing that waits is
// deleted, and nothing that the server did not speak of.
import type { OutboxRow, PhoneRow, RecordRow, RondaDB } from "./db";
import { beginAgain, isPending, isRefused, shown } from "./outbox";
import { answered, takeTold } from "./outcomes";
import { sendPhotosAgain } from "./photos";
import type { Change, ExchangeResponse, Instant } from "./protocol";
import { leavingAfter } from "./standing";
import { windowAt } from "./windows";

const KEEP_ACKNOWLEDGED = 30 * 24 * 60 * 60 * 1000;

/** One request on its way. */
export interface Sending {
  rows: OutboxRow[];
  body: string;
  cursor: string;
  secret: string;
  at: Instant;
  /** the last of the mutations, by seq, whose decision is asked for; 0 where none is */
  asked: number;
}

/** What is known when the answer comes; `pause` is how long the phone is to wait then, in milliseconds. */
export interface Arrival {
  at: Instant;
  pause: number;
  /** whether this run has let the acknowledged mutations go once more */
  repeated: boolean;
}

/** What a full answer means for the records: in which full pull it came, and which window was open then. */
interface Pull {
  generation: number;
  window: string;
}

async function takeChange(db: RondaDB, change: Change, pull: Pull): Promise<void> {
  const known = await db.records.get(change.record_id);
  const rows = await db.outbox.where({ record_id: change.record_id }).sortBy("seq");
  const waiting = known !== undefined && rows.some(isPending);
  // A late change of an earlier window becomes the last one; what was heard in this window stays heard.
  const said = [change.window, ...rows.map((row) => row.outcome?.window)];
  await db.records.put({
    record_id: change.record_id,
    area_id: change.area_id,
    kind: change.kind,
    server: change,
    ...shown(change, rows),
    window: waiting ? known.window : change.window,
    heard: said.includes(pull.window) ? pull.window : (known?.heard ?? ""),
    changed_at: waiting ? known.changed_at : change.captured_at,
    generation: pull.generation,
  });
}

/**
 * Records of an older full pull are no longer the officer's: but one with an unanswered mutation waits for its answer,
 * and one that was refused from its beginning is nowhere else.
 */
async function sweep(db: RondaDB, generation: number): Promise<boolean> {
  const old = await db.records.filter((row) => row.generation < generation).toArray();
  const open = await db.outbox.where("status").notEqual("acknowledged").toArray();
  const pending = new Set(open.filter(isPending).map((row) => row.record_id));
  const refused = new Set(open.filter(isRefused).map((row) => row.record_id));
  const kept = ({ record_id, server }: RecordRow): boolean =>
    pending.has(record_id) || (server === null && refused.has(record_id));
  await db.records.bulkDelete(old.filter((row) => !kept(row)).map((row) => row.record_id));
  return pending.size > 0;
}

/** What was acknowledged is kept for a while; a conflict until its decision was read. */
async function prune(db: RondaDB, now: Instant): Promise<void> {
  const acknowledged = db.outbox.where("status").equals("acknowledged");
  const old = acknowledged.filter((row) => (row.answered_at ?? now) < now - KEEP_ACKNOWLEDGED);
  await old.filter((row) => row.disputed !== 1).delete();
}

/** After a full pull the server may be one restored from a backup: it gets again all that it once held, in quarantine too. */
async function sendAgain(db: RondaDB, before: Instant): Promise<void> {
  const held = db.outbox.where("status").anyOf("acknowledged", "quarantined");
  await held.filter((row) => row.answered_at !== null && row.answered_at < before).modify({ status: "sent" });
}

/**
 * A revoked phone is told no more, and a busy server has told nothing this time (SPEC D1, M24). A phone that was
 * enrolled anew meanwhile is another one: its mutations have their outcomes, and nothing else of the answer is about it.
 */
function isPull(phone: PhoneRow, sending: Sending, answer: ExchangeResponse): boolean {
  const shed = (answer.wait ?? 0) > 0 && answer.cursor === sending.cursor;
  return !shed && answer.standing?.state !== "revoked" && phone.secret === sending.secret;
}

/** Take the changes and where they end; answers what the phone is to remember of it. */
async function takePull(
  db: RondaDB,
  phone: PhoneRow,
  sending: Sending,
  answer: ExchangeResponse,
): Promise<Partial<PhoneRow>> {
  if (!isPull(phone, sending, answer)) return {};
  const restarted = answer.resync || sending.cursor === "";
  const generation = phone.generation + (restarted ? 1 : 0);
  const scope = answer.scope ?? phone.scope;
  const pull = { generation, window: scope ? windowAt(answer.now, scope.schedule).id : "" };
  for (const change of answer.changes) await takeChange(db, change, pull);
  return { cursor: answer.cursor, scope, generation, sweep: phone.sweep || restarted };
}

/** The end of a full pull: what it did not bring is swept, and the whole is to be checked. */
async function endPull(db: RondaDB, phone: PhoneRow, more: boolean): Promise<Partial<PhoneRow>> {
  if (!phone.sweep || more) return {};
  const sweeping = await sweep(db, phone.generation);
  return sweeping ? { sweep: true } : { sweep: false, checked_at: 0 };
}

async function takeOutcomes(db: RondaDB, sending: Sending, answer: ExchangeResponse): Promise<OutboxRow[]> {
  const rows = sending.rows.map((row, i) => answered(row, answer.outcomes[i]!, answer.now));
  await db.outbox.bulkPut(rows);
  await takeTold(db, answer.told ?? [], answer.now);
  return rows;
}

/** What any answer says of the phone itself. */
function asHeard(phone: PhoneRow, sending: Sending, answer: ExchangeResponse, { at, pause }: Arrival) {
  return {
    offset: Math.round(answer.now - (sending.at + at) / 2),
    exchanged_at: at,
    failures: 0,
    not_before: pause > 0 ? at + pause : 0,
    problem: null,
    latest: answer.now,
    leaving: leavingAfter(answer.standing, phone),
    ...(answer.standing && { lease_until: answer.standing.lease_until }),
    ...(sending.asked > 0 && { asked: sending.asked }),
  };
}

/** Apply one answer whole. Answers whether another exchange is to follow for what it brought. */
export async function apply(
  db: RondaDB,
  sending: Sending,
  answer: ExchangeResponse,
  arrival: Arrival,
): Promise<boolean> {
  return db.transaction("rw", [db.records, db.outbox, db.drafts, db.meta, db.photos], async () => {
    const phone = (await db.meta.get("phone"))!;
    const rows = await takeOutcomes(db, sending, answer);
    const pulled = await takePull(db, phone, sending, answer);
    for (const row of rows.filter(isRefused)) await beginAgain(db, row.record_id);
    if (isPull(phone, sending, answer) && answer.resync && !arrival.repeated) {
      await sendAgain(db, answer.now);
      await sendPhotosAgain(db);
    }
    await prune(db, answer.now);
    if (phone.secret !== sending.secret) return false;
    const swept = await endPull(db, { ...phone, ...pulled }, !isPull(phone, sending, answer) || answer.more);
    const next = { ...pulled, ...swept, ...asHeard(phone, sending, answer, arrival) };
    await db.meta.update("phone", next);
    if (next.leaving) return (await db.drafts.count()) > 0;
    return arrival.pause === 0 && answer.more && answer.cursor !== sending.cursor;
  });
}
