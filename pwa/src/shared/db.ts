// What the phone keeps: the records as they are shown, the outbox, the drafts, and the phone itself.
// Durability is strict: what the officer was told is saved has reached the disk. Views write
// records, outbox and phone only through outbox.ts; all else that writes them holds the exchange's lock, or enrols.
import Dexie, { type EntityTable } from "dexie";
import type { Change, Code, Instant, Outcome, Report, Scope, Sha256, Uuid } from "./protocol";

/** A record as the officer sees it: the server's last word with the phone's own unanswered changes laid over it. */
export interface RecordRow {
  record_id: Uuid;
  area_id: Uuid;
  kind: "report" | "nil";
  /** what the server last said of it; null while it is only on this phone */
  server: Change | null;
  report: Report | null;
  removed: boolean;
  /** the window of the last change: the server's word, or the phone's reckoning while it waits */
  window: string;
  /** the last window in which it changed while that window was open, by the server's word (SPEC W6) */
  heard?: string;
  changed_at: Instant;
  /** the full pull in which it was last seen (SPEC M17) */
  generation: number;
}

export type MutationStatus = "new" | "sent" | "acknowledged" | "quarantined" | "rejected";

export interface OutboxRow {
  seq: number;
  mutation_id: Uuid;
  record_id: Uuid;
  status: MutationStatus;
  /** the exact JSON that is sent; it never changes once the status has left `new` */
  body: string;
  outcome: Outcome | null;
  answered_at: Instant | null;
  /** the officer has read why it was not accepted */
  seen: boolean;
  /** 1 from a conflict until the officer has read what was decided of it; absent in all others, as is the index */
  disputed?: 1;
}

/** A form that was begun, as typed. `base` is what the officer saw when it was opened. */
export interface DraftRow {
  draft_id: Uuid;
  record_id: Uuid | null;
  area_id: Uuid;
  form: Record<string, string>;
  base: Report;
  /** photos that were taken for it */
  photos?: Sha256[];
  updated_at: Instant;
}

/** `shown` is one of another phone, fetched to be looked at. */
export type PhotoState = "draft" | "waiting" | "sent" | "refused" | "shown";

export interface PhotoRow {
  sha256: Sha256;
  bytes: ArrayBuffer;
  type: string;
  state: PhotoState;
  /** since when it is in this state */
  at: Instant;
  /** why the server refused it, and whether the officer has read that */
  code?: Code;
  seen?: boolean;
}

/** A pause of the uploads, kept on disk so that it outlives the app. */
export interface PauseRow {
  key: "photos";
  failures: number;
  not_before: Instant;
}

export type PhoneProblem =
  "unauthorized" | "protocol_unsupported" | "unreachable" | "server_busy" | "refused";

/** How far a phone has come that is not trusted any more (SPEC D2). */
export type Leaving = "handing_in" | "wiped" | "heard";

/** The phone itself; one row. */
export interface PhoneRow {
  key: "phone";
  code: string;
  device_id: Uuid;
  secret: string;
  enrolled: boolean;
  scope: Scope | null;
  cursor: string;
  /** server's now minus phone's now, in milliseconds */
  offset: number;
  /** counts full pulls; records of an older one are swept when the outbox is empty */
  generation: number;
  sweep: boolean;
  exchanged_at: Instant | null;
  failures: number;
  not_before: Instant;
  problem: PhoneProblem | null;
  /** the last mutation, by seq, of a run that ended because too many were refused: the next begins behind it */
  behind?: number;
  leaving?: Leaving | null;
  /** the server's instant until which the phone may show what it pulled (SPEC D3) */
  lease_until?: Instant;
  /** the latest instant that this phone has seen, in the server's time */
  latest?: Instant;
  /** the server's instant of the last digest, 0 after a full pull (SPEC M22) */
  checked_at?: Instant;
  /** the server's instant of the last full pull that a digest called for, and how many there were */
  healed_at?: Instant;
  heals?: number;
  /** the last mutation, by seq, whose decision was asked for (SPEC M21) */
  asked?: number;
}

/** A phone that asked to be enrolled with a code and has had no answer yet. */
export interface CandidateRow {
  code: string;
  phone: PhoneRow;
}

export class RondaDB extends Dexie {
  readonly records!: EntityTable<RecordRow, "record_id">;
  readonly outbox!: EntityTable<OutboxRow, "seq">;
  readonly drafts!: EntityTable<DraftRow, "draft_id">;
  readonly meta!: EntityTable<PhoneRow, "key">;
  readonly candidates!: EntityTable<CandidateRow, "code">;
  readonly photos!: EntityTable<PhotoRow, "sha256">;
  readonly pauses!: EntityTable<PauseRow, "key">;

  constructor(name = "ronda-petugas") {
    super(name, { chromeTransactionDurability: "strict" });
    this.version(1).stores({
      records: "record_id, [kind+window]",
      outbox: "++seq, &mutation_id, record_id, status",
      drafts: "draft_id, updated_at",
      meta: "key",
      candidates: "code",
    });
    this.version(2)
      .stores({
        outbox: "++seq, &mutation_id, record_id, status, disputed",
        photos: "sha256, [state+at]",
        pauses: "key",
      })
      .upgrade((open) => open.table<OutboxRow>("outbox").toCollection().modify(noteConflict));
  }
}

/** Conflicts of the version before, whose decisions are still to be told. */
function noteConflict(row: OutboxRow): void {
  if ((row.outcome?.was ?? row.outcome?.outcome) === "conflicted") row.disputed = 1;
}
