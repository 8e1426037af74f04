// One exchange with the server after another, until the outbox is empty and all changes are here (SPEC M1, M15-M20).
// It runs in a tab and in the service worker, one at a time. It never drops a mutation: what was not answered is sent
// again with the same bytes, and what was not accepted stays for the officer to read.
import { ApiError, call } from "./api";
import type { MutationStatus, OutboxRow, PhoneProblem, PhoneRow, RondaDB } from "./db";
import { beginAgain, isPending, isRefused, shown } from "./outbox";
import { MAX_BODY, MAX_MUTATIONS, PROTOCOL } from "./protocol";
import type { Change, ExchangeResponse, Instant, Outcome } from "./protocol";
import { windowAt } from "./windows";

/** What lies outside: the clock, chance, and the lock that all tabs and the worker share. */
export interface Ports {
  now(): Instant;
  random(): number;
  alone<T>(work: () => Promise<T>): Promise<T>;
}

export const browserPorts: Ports = {
  now: () => Date.now(),
  random: () => Math.random(),
  alone: async (work) => navigator.locks.request("ronda-exchange", work),
};

export type Ending = "done" | "failed" | "waiting" | "not_enrolled";

const KEEP_ACKNOWLEDGED = 30 * 24 * 60 * 60 * 1000;
const FIRST_WAIT = 2_000;
const LONGEST_WAIT = 5 * 60_000;
const TIMEOUT = 30_000;
const MOST_REFUSED = 8;

/** A request that brought no answer; `wait` is what the server asked for, in milliseconds. */
class NoAnswer extends Error {
  constructor(
    readonly problem: PhoneProblem,
    readonly wait = 0,
  ) {
    super(problem);
  }
}

interface Sending {
  rows: OutboxRow[];
  body: string;
  cursor: string;
  at: Instant;
}

/** What one run of exchanges remembers. */
interface Run {
  /** how many mutations go into a request; less after the server refused one whole */
  size: number;
  /** mutations that the server refused even alone, by seq: left for the next run */
  refused: Set<number>;
  /** those up to this seq are left for the next run, too: the run before came no further */
  behind: number;
  /** whether a full pull has let the acknowledged mutations go once more */
  repeated: boolean;
}

function isDue(run: Run, row: OutboxRow): boolean {
  return row.seq > run.behind && !run.refused.has(row.seq);
}

function bytes(text: string): number {
  return new TextEncoder().encode(text).length;
}

/** As many of the first rows as fit into one request. */
export function fitting(rows: OutboxRow[], size: number, overhead: number): OutboxRow[] {
  let room = MAX_BODY - overhead;
  const first: OutboxRow[] = [];
  for (const row of rows.slice(0, Math.min(size, MAX_MUTATIONS))) {
    room -= bytes(row.body) + 1;
    if (room < 0 && first.length > 0) break;
    first.push(row);
  }
  return first;
}

function frame(phone: PhoneRow, now: Instant): { head: string; tail: string } {
  const head = `{"protocol":${PROTOCOL},"now":${now},"cursor":${JSON.stringify(phone.cursor)},"mutations":[`;
  return { head, tail: "]}" };
}

/** Choose what goes, and mark it sent before it goes: from here on its bytes never change. */
async function prepare(db: RondaDB, run: Run, now: Instant): Promise<Sending> {
  return db.transaction("rw", db.outbox, db.meta, async () => {
    const phone = (await db.meta.get("phone"))!;
    const pending = await db.outbox.where("status").anyOf("new", "sent").sortBy("seq");
    const { head, tail } = frame(phone, now);
    const candidates = pending.filter((row) => isDue(run, row));
    const rows = fitting(candidates, run.size, bytes(head + tail)).map((row) => ({
      ...row,
      status: "sent" as const,
    }));
    await db.outbox.bulkPut(rows);
    return { rows, at: now, cursor: phone.cursor, body: head + rows.map((row) => row.body).join(",") + tail };
  });
}

/** What a failed call means for the outbox; what is not in Ronda's words comes from a network in between. */
function problemOf({ code, status }: ApiError): PhoneProblem {
  if (code === "unauthorized" || code === "protocol_unsupported") return code;
  if (status === 429 || status >= 500) return "server_busy";
  return status === 0 || code === "unreadable" ? "unreachable" : "refused";
}

function isAnswer(value: Partial<ExchangeResponse> | null, asked: number): value is ExchangeResponse {
  const whole =
    typeof value?.now === "number" && typeof value.cursor === "string" && Array.isArray(value.changes);
  return whole && value.outcomes?.length === asked;
}

async function post(sending: Sending, secret: string): Promise<ExchangeResponse> {
  const request = { method: "POST", text: sending.body, bearer: secret, timeoutMs: TIMEOUT } as const;
  const answer = await call<ExchangeResponse>("/api/exchange", request).catch((failure: unknown) => {
    if (!(failure instanceof ApiError)) throw failure;
    throw new NoAnswer(problemOf(failure), Math.min(failure.retryAfter * 1000, LONGEST_WAIT));
  });
  if (!isAnswer(answer, sending.rows.length)) throw new NoAnswer("unreachable");
  return answer;
}

const STATUS_OF: Partial<Record<string, MutationStatus>> = {
  applied: "acknowledged",
  merged: "acknowledged",
  conflicted: "acknowledged",
  replayed: "acknowledged",
  quarantined: "quarantined",
  rejected: "rejected",
};

/** How the mutation ended; undefined to be sent again, also for a word of a newer server. */
function statusOf({ outcome, was }: Outcome): MutationStatus | undefined {
  return STATUS_OF[outcome === "replayed" ? (was ?? outcome) : outcome];
}

/** The row with its outcome, which the server gives in the order of the request. */
function answered(row: OutboxRow, outcome: Outcome, at: Instant): OutboxRow {
  const status = statusOf(outcome);
  return status ? { ...row, status, outcome, answered_at: at } : row;
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

/** Records of an older full pull are no longer the officer's; one with an unanswered mutation waits for its answer. */
async function sweep(db: RondaDB, generation: number): Promise<boolean> {
  const old = await db.records.filter((row) => row.generation < generation).toArray();
  const kept = new Set(
    (await db.outbox.where("status").notEqual("acknowledged").toArray()).map((row) => row.record_id),
  );
  await db.records.bulkDelete(old.filter((row) => !kept.has(row.record_id)).map((row) => row.record_id));
  return (await db.outbox.where("status").anyOf("new", "sent").count()) > 0;
}

async function prune(db: RondaDB, now: Instant): Promise<void> {
  const acknowledged = db.outbox.where("status").equals("acknowledged");
  await acknowledged.filter((row) => (row.answered_at ?? now) < now - KEEP_ACKNOWLEDGED).delete();
}

/** After a full pull the server may be one restored from a backup: it gets all that it once acknowledged again. */
async function sendAgain(db: RondaDB, before: Instant): Promise<void> {
  const acknowledged = db.outbox.where("status").equals("acknowledged");
  await acknowledged
    .filter((row) => row.answered_at !== null && row.answered_at < before)
    .modify({ status: "sent" });
}

/** Apply one answer whole, in one transaction. Answers whether another exchange is to follow. */
async function apply(db: RondaDB, run: Run, sending: Sending, answer: ExchangeResponse, now: Instant) {
  return db.transaction("rw", db.records, db.outbox, db.meta, async () => {
    const phone = (await db.meta.get("phone"))!;
    const restarted = answer.resync || sending.cursor === "";
    const generation = phone.generation + (restarted ? 1 : 0);
    const rows = sending.rows.map((row, i) => answered(row, answer.outcomes[i]!, answer.now));
    await db.outbox.bulkPut(rows);
    const scope = answer.scope ?? phone.scope;
    const pull = { generation, window: scope ? windowAt(answer.now, scope.schedule).id : "" };
    for (const change of answer.changes) await takeChange(db, change, pull);
    for (const row of rows.filter(isRefused)) await beginAgain(db, row.record_id);
    if (answer.resync && !run.repeated) {
      run.repeated = true;
      await sendAgain(db, answer.now);
    }
    await prune(db, answer.now);
    const sweeping = phone.sweep || restarted;
    await db.meta.update("phone", {
      cursor: answer.cursor,
      scope,
      offset: Math.round(answer.now - (sending.at + now) / 2),
      generation,
      sweep: sweeping && (answer.more || (await sweep(db, generation))),
      exchanged_at: now,
      failures: 0,
      not_before: 0,
      problem: null,
    });
    const pending = await db.outbox.where("status").anyOf("new", "sent").toArray();
    return (answer.more && answer.cursor !== sending.cursor) || pending.some((row) => isDue(run, row));
  });
}

/** Keep everything, and say when to come again: twice as long after each failure, with jitter. */
async function postpone(db: RondaDB, failure: NoAnswer, ports: Ports): Promise<void> {
  const failures = ((await db.meta.get("phone"))?.failures ?? 0) + 1;
  const wait = Math.max(failure.wait, Math.min(FIRST_WAIT * 2 ** (failures - 1), LONGEST_WAIT));
  const not_before = ports.now() + Math.round(wait * (1 + ports.random() / 2));
  await db.meta.update("phone", { failures, not_before, problem: failure.problem });
}

/** A request refused as a whole holds one bad mutation: find it by halves, so that it delays no other. Answers whether to go on. */
function narrow(run: Run, sending: Sending): boolean {
  if (sending.rows.length === 1) {
    run.refused.add(sending.rows[0]!.seq);
  } else {
    run.size = Math.ceil(sending.rows.length / 2);
  }
  return run.refused.size < MOST_REFUSED;
}

async function once(db: RondaDB, run: Run, secret: string, ports: Ports): Promise<boolean> {
  const sending = await prepare(db, run, ports.now());
  try {
    const answer = await post(sending, secret);
    const more = await apply(db, run, sending, answer, ports.now());
    run.size = Math.min(run.size * 2, MAX_MUTATIONS);
    if (sending.rows.length > 0 && !answer.outcomes.some(statusOf)) {
      throw new NoAnswer("server_busy");
    }
    return more;
  } catch (failure) {
    const whole = failure instanceof NoAnswer && failure.problem === "refused" && sending.rows.length > 0;
    if (!whole) throw failure;
    return narrow(run, sending);
  }
}

async function until(db: RondaDB, ports: Ports, force: boolean): Promise<Ending> {
  const phone = await db.meta.get("phone");
  if (!phone?.enrolled) return "not_enrolled";
  const wait = phone.not_before - ports.now();
  // A wait of more than twice the longest was written by a clock that has since been put back.
  if (!force && wait > 0 && wait < 2 * LONGEST_WAIT) return "waiting";
  const behind = phone.behind ?? 0;
  const run: Run = { size: MAX_MUTATIONS, refused: new Set(), behind, repeated: false };
  try {
    while (await once(db, run, phone.secret, ports));
  } catch (failure) {
    if (!(failure instanceof NoAnswer)) throw failure;
    await postpone(db, failure, ports);
    return "failed";
  }
  const stopped = run.refused.size >= MOST_REFUSED;
  await db.meta.update("phone", { behind: stopped ? Math.max(...run.refused) : 0 });
  if (run.refused.size === 0 && behind === 0) return "done";
  await postpone(db, new NoAnswer("refused"), ports);
  return "failed";
}

/** Send all and fetch all. `force` is the officer's own wish: it does not wait for the end of a pause. */
export function exchange(db: RondaDB, ports: Ports, force = false): Promise<Ending> {
  return ports.alone(() => until(db, ports, force));
}
