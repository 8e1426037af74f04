// One exchange with the server after another, until the outbox is empty and all changes are here (SPEC M1, M15-M25).
// It runs in a tab and in the service worker, one at a time. It never drops a mutation: what was not answered is sent
// again with the same bytes, and what was not accepted stays for the officer to read.
import { version as APP } from "../../package.json";
import { apply, type Sending } from "./answer";
import { ApiError, call } from "./api";
import type { OutboxRow, PhoneProblem, PhoneRow, RondaDB } from "./db";
import { heal, isCheckDue } from "./healing";
import { statusOf, toAsk } from "./outcomes";
import { backoff, LONGEST_WAIT, pauseLeft } from "./pace";
import { makeRoom } from "./photos";
import { MAX_BODY, MAX_MUTATIONS, PROTOCOL } from "./protocol";
import type { ExchangeRequest, ExchangeResponse, Instant } from "./protocol";
import { forget, handInDrafts, wipe } from "./standing";

/** What lies outside: the clock, chance, and the lock that all tabs and the worker share. */
export interface Ports {
  now(): Instant;
  random(): number;
  sleep(milliseconds: number): Promise<void>;
  alone<T>(work: () => Promise<T>): Promise<T>;
}

export const browserPorts: Ports = {
  now: () => Date.now(),
  random: () => Math.random(),
  sleep: (milliseconds) => new Promise((wake) => setTimeout(wake, milliseconds)),
  alone: async (work) => navigator.locks.request("ronda-exchange", work),
};

export type Ending = "done" | "failed" | "waiting" | "not_enrolled";

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
  /** whether it has asked for what was decided of the quarantined, and for the digest */
  asked: boolean;
  checked: boolean;
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

type Questions = Partial<Pick<ExchangeRequest, "ask" | "check" | "unsent" | "wiped">>;

/** The request's JSON around its mutations, whose bytes are sent as they were written. */
function framed(phone: PhoneRow, now: Instant, questions: Questions, rows: OutboxRow[]): string {
  const frame = { protocol: PROTOCOL, now, cursor: phone.cursor, app: APP, ...questions };
  return `${JSON.stringify(frame).slice(0, -1)},"mutations":[${rows.map((row) => row.body).join(",")}]}`;
}

/** Choose what goes, and mark it sent before it goes: from here on its bytes never change. */
async function prepare(db: RondaDB, run: Run, now: Instant): Promise<Sending> {
  return db.transaction("rw", db.outbox, db.drafts, db.meta, db.photos, async () => {
    const phone = (await db.meta.get("phone"))!;
    if (phone.leaving === "handing_in") await handInDrafts(db, phone);
    const pending = await db.outbox.where("status").anyOf("new", "sent").sortBy("seq");
    const held = run.asked ? [] : await toAsk(db, phone.asked ?? 0);
    const ask = held.map((row) => row.mutation_id);
    const most = framed(phone, now, { ask, check: true, unsent: pending.length }, []);
    const due = pending.filter((row) => isDue(run, row));
    const rows = fitting(due, run.size, bytes(most)).map((row) => ({ ...row, status: "sent" as const }));
    await db.outbox.bulkPut(rows);
    const unsent = pending.length - rows.length;
    const check = unsent === 0 && !run.checked && isCheckDue(phone, now);
    const questions = { ...(ask.length > 0 && { ask }), ...(check && { check }), unsent };
    const { cursor, secret } = phone;
    const body = framed(phone, now, questions, rows);
    return { rows, at: now, cursor, secret, body, asked: held[held.length - 1]?.seq ?? 0 };
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

async function post({ body, secret, rows }: Pick<Sending, "body" | "secret" | "rows">) {
  const request = { method: "POST", text: body, gzip: true, bearer: secret, timeoutMs: TIMEOUT } as const;
  const answer = await call<ExchangeResponse>("/api/exchange", request).catch((failure: unknown) => {
    if (!(failure instanceof ApiError)) throw failure;
    throw new NoAnswer(problemOf(failure), Math.min(failure.retryAfter * 1000, LONGEST_WAIT));
  });
  if (!isAnswer(answer, rows.length)) throw new NoAnswer("unreachable");
  return answer;
}

/** Keep everything, and say when to come again. */
async function postpone(db: RondaDB, failure: NoAnswer, ports: Ports): Promise<void> {
  const failures = (await db.meta.get("phone"))?.failures ?? 0;
  const not_before = ports.now() + backoff(failures, failure.wait, ports.random());
  await db.meta.update("phone", { failures: failures + 1, not_before, problem: failure.problem });
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

/** Take one answer. Answers whether another exchange is to follow. */
async function take(db: RondaDB, run: Run, sending: Sending, answer: ExchangeResponse, ports: Ports) {
  // The server sheds a pull for a while; phones that were shed together are not to come back together.
  const shed = Math.min(answer.wait ?? 0, LONGEST_WAIT);
  const pause = shed + Math.round((ports.random() * shed) / 2);
  const arrival = { at: ports.now(), pause, repeated: run.repeated };
  const more = await apply(db, sending, answer, arrival).catch(async (failure: unknown) => {
    // On a full disk photos that were sent give way to what the server says.
    if (!(await makeRoom(db))) throw failure;
    return apply(db, sending, answer, arrival);
  });
  run.repeated ||= answer.resync;
  run.size = Math.min(run.size * 2, MAX_MUTATIONS);
  if (sending.rows.length > 0 && !answer.outcomes.some(statusOf)) throw new NoAnswer("server_busy");
  if (answer.digest !== undefined && !answer.more) {
    run.checked = true;
    if (await heal(db, answer.digest, answer.now)) return true;
  }
  const pending = await db.outbox.where("status").anyOf("new", "sent").toArray();
  return more || pending.some((row) => isDue(run, row));
}

async function once(db: RondaDB, run: Run, ports: Ports): Promise<boolean> {
  const sending = await prepare(db, run, ports.now());
  run.asked = true;
  try {
    return await take(db, run, sending, await post(sending), ports);
  } catch (failure) {
    const whole = failure instanceof NoAnswer && failure.problem === "refused" && sending.rows.length > 0;
    if (!whole) throw failure;
    return narrow(run, sending);
  }
}

/** A phone that has deleted all tells the server so (SPEC D2); one that is not known any more need not. */
async function takeLeave(db: RondaDB, ports: Ports): Promise<void> {
  const phone = (await db.meta.get("phone"))!;
  const { secret } = phone;
  const body = framed(phone, ports.now(), { wiped: true }, []);
  await post({ body, secret, rows: [] }).catch((failure: unknown) => {
    if (!(failure instanceof NoAnswer) || failure.problem !== "unauthorized") throw failure;
  });
  await forget(db, secret);
}

async function all(db: RondaDB, run: Run, ports: Ports): Promise<void> {
  if ((await db.meta.get("phone"))?.leaving !== "wiped") while (await once(db, run, ports));
  if (await wipe(db)) await takeLeave(db, ports);
}

async function until(db: RondaDB, ports: Ports, force: boolean): Promise<Ending> {
  const phone = await db.meta.get("phone");
  if (!phone?.enrolled) return "not_enrolled";
  if (!force && pauseLeft(phone, ports.now()) > 0) return "waiting";
  const behind = phone.behind ?? 0;
  const begun = { size: MAX_MUTATIONS, behind, repeated: false, asked: false, checked: false };
  const run: Run = { ...begun, refused: new Set() };
  try {
    await all(db, run, ports);
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
