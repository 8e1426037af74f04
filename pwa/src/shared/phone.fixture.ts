// A phone and a server for the tests: the phone is real but for its disk; the server speaks the exchange's protocol.
import "fake-indexeddb/auto";
import { RondaDB } from "./db";
import type { Ports } from "./exchange";
import { EMPTY_REPORT } from "./outbox";
import type {
  Change,
  ExchangeRequest,
  ExchangeResponse,
  Instant,
  Outcome,
  Report,
  SaveReport,
  Scope,
} from "./protocol";

export const AREA = "0190b5a0-0000-7000-8000-000000000001";
export const OTHER_AREA = "0190b5a0-0000-7000-8000-000000000002";
export const NOON = Date.parse("2026-11-23T12:00:00+07:00");

/** So many RTs that a nil can be filed for at once. */
export const manyAreas = (count: number) =>
  Array.from({ length: count }, (_, i) => `0190b5a0-0000-7000-8000-${String(1000 + i).padStart(12, "0")}`);

export const SCOPE: Scope = {
  officer: "Wayan",
  role: "rt_head",
  areas: [{ area_id: AREA, rt: "005", rw: "012", kelurahan: "Palmerah", kecamatan: "Palmerah" }],
  schedule: {
    timezone: "Asia/Jakarta",
    closes: [
      { name: "pagi", at: "10:00" },
      { name: "siang", at: "15:00" },
      { name: "malam", at: "20:00" },
    ],
    grace_minutes: 15,
  },
};

let phones = 0;

export async function enrolledPhone(): Promise<RondaDB> {
  const db = new RondaDB(`phone-${++phones}`);
  await db.meta.put({
    key: "phone",
    code: "",
    device_id: "0190b5a0-0000-7000-8000-0000000000aa",
    secret: "s".repeat(43),
    enrolled: true,
    scope: SCOPE,
    cursor: "",
    offset: 0,
    generation: 0,
    sweep: false,
    exchanged_at: null,
    failures: 0,
    not_before: 0,
    problem: null,
  });
  return db;
}

export function named(full_name: string, over: Partial<Report> = {}): Report {
  return { ...EMPTY_REPORT, identity: { ...EMPTY_REPORT.identity, full_name }, ...over };
}

/** A clock that the test moves, no jitter, and one lock as the browser has it. */
export class TestPorts implements Ports {
  time: Instant = NOON;
  chance = 0;
  #last: Promise<unknown> = Promise.resolve();

  now(): Instant {
    return this.time;
  }

  random(): number {
    return this.chance;
  }

  async sleep(milliseconds: number): Promise<void> {
    this.time += milliseconds;
  }

  alone<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(work, work);
    this.#last = turn.catch(() => undefined);
    return turn;
  }
}

type Answering = (bodies: string[], request: ExchangeRequest) => Response | Promise<Response> | null;

/** What a test lets an answer say beside its outcomes and changes. */
type Saying = Partial<Pick<ExchangeResponse, "changes" | "told" | "digest" | "standing" | "wait" | "scope">>;

async function read({ headers, body }: RequestInit): Promise<ExchangeRequest> {
  if ((headers as Record<string, string>)["Content-Encoding"] !== "gzip") return JSON.parse(body as string);
  const plain = new Blob([body as ArrayBuffer]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(plain).json();
}

/** Applies reports and nils as they come, once per id, and keeps a log of what it was sent. */
export class TestServer {
  readonly received: string[][] = [];
  readonly requests: ExchangeRequest[] = [];
  readonly records = new Map<string, Change>();
  readonly outcomes = new Map<string, Outcome>();
  /** what to do instead of answering well; each is used once, null passes */
  readonly instead: Answering[] = [];
  /** what the answer to a request says more */
  says: (request: ExchangeRequest) => Saying = () => ({});
  /** loses answers after the work was done */
  losing = 0;
  resync = false;
  down = false;
  /** tells nothing but outcomes, and quarantines all (SPEC D1) */
  revoked = false;
  /** verdicts on mutations by id, before they are applied */
  readonly verdicts = new Map<string, Pick<Outcome, "outcome" | "code">>();

  readonly fetch = async (_path: string, init: RequestInit): Promise<Response> => {
    if (this.down) throw new TypeError("Failed to fetch");
    const request = await read(init);
    const mutations = request.mutations as SaveReport[];
    this.requests.push(request);
    this.received.push(mutations.map((mutation) => JSON.stringify(mutation)));
    const other = this.instead.shift()?.(this.received[this.received.length - 1]!, request);
    if (other) return other;
    const outcomes = mutations.map((mutation) => this.#take(mutation));
    if (this.losing > 0) {
      this.losing--;
      throw new TypeError("network changed");
    }
    return Response.json(this.#answer(request, outcomes));
  };

  #take(mutation: SaveReport): Outcome {
    const before = this.outcomes.get(mutation.mutation_id);
    if (before) return { ...before, outcome: "replayed", was: before.outcome };
    const escrow = this.revoked && ({ outcome: "quarantined", code: "device_revoked" } as const);
    const verdict = escrow || this.verdicts.get(mutation.mutation_id);
    const none = { mutation_id: mutation.mutation_id, version: 0, window: "", was: null, code: null };
    if (verdict?.outcome === "retry") return { ...none, outcome: "retry" };
    const outcome: Outcome = verdict ? { ...none, ...verdict } : this.#store(mutation);
    this.outcomes.set(mutation.mutation_id, outcome);
    return outcome;
  }

  #store(mutation: SaveReport): Outcome {
    const { record_id, area_id, captured_at, mutation_id } = mutation;
    const known = this.records.get(record_id);
    const version = (known?.version ?? 0) + 1;
    const window = "2026-11-23/siang";
    const common = { record_id, area_id, version, window, captured_at, batch: null };
    if ((mutation.kind as string) === "nil") this.records.set(record_id, { kind: "nil", ...common });
    else {
      const report = { ...(known?.kind === "report" ? known.report : EMPTY_REPORT), ...mutation.changes };
      const removed = (mutation.kind as string) === "remove";
      this.records.set(record_id, { kind: "report", ...common, report, removed, conflicts: 0 });
    }
    return { mutation_id, outcome: "applied", version, window, was: null, code: null };
  }

  #answer(request: ExchangeRequest, outcomes: Outcome[]): ExchangeResponse {
    const resync = this.resync;
    this.resync = false;
    const { now, protocol } = request;
    const told = { protocol, now, outcomes, more: false, resync };
    if (this.revoked) {
      const standing = { state: "revoked", lease_until: now } as const;
      return { ...told, changes: [], cursor: request.cursor, standing, ...this.says(request) };
    }
    const says = this.says(request);
    if (says.wait) return { ...told, changes: [], cursor: request.cursor, more: true, ...says };
    return { ...told, changes: [...this.records.values()], cursor: "c1", ...says };
  }
}
