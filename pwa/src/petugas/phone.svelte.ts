// What the views know of the phone: its rows as they are now, also when another tab or the worker wrote them.
import Dexie, { liveQuery } from "dexie";
import { RondaDB, type DraftRow, type OutboxRow, type PhoneRow, type RecordRow } from "../shared/db";
import { isLeaseOver } from "../shared/lease";
import { isPending, isRefused } from "../shared/outbox";
import type { Area, Instant, Scope, Uuid } from "../shared/protocol";
import { localDate, windowAt } from "../shared/windows";
import { decisionOf } from "./decision";
import { heardAreas, inOrder, stateOf, stayingIn, type Heard, type RecordState } from "./state";

const TICK = 10_000;

class Phone {
  readonly db = new RondaDB();
  #row = $state.raw<PhoneRow>();
  #reports = $state.raw<RecordRow[]>([]);
  #nils = $state.raw<RecordRow[]>([]);
  #outbox = $state.raw<OutboxRow[]>([]);
  #disputed = $state.raw<OutboxRow[]>([]);
  #drafts = $state.raw<DraftRow[]>([]);
  #unanswered = $state(0);
  #broken = $state(false);
  #clock = $state(Date.now());

  readonly pending = $derived(this.#outbox.filter(isPending));
  /** What was fetched may be shown no longer (SPEC D3). */
  readonly leaseOver = $derived(isLeaseOver(this.#row, this.#clock));
  readonly #visible = $derived(
    this.leaseOver ? this.#reports.filter((row) => this.#isOwn(row)) : this.#reports,
  );
  readonly reports = $derived(inOrder(this.#visible.filter((record) => !record.removed)));
  /** Reports of which a decision was not read yet, removed ones too. */
  readonly decided = $derived(
    this.#visible.filter((record) => decisionOf(record, this.#disputedOf(record.record_id)) !== null),
  );
  readonly refused = $derived(this.#outbox.filter(isRefused));
  readonly unread = $derived(this.refused.filter((row) => !row.seen));
  readonly window = $derived(this.scope && windowAt(this.now, this.scope.schedule));
  readonly heard = $derived(
    heardAreas([...this.#nils, ...this.#reports], this.#outbox, this.window?.id ?? ""),
  );
  readonly staying = $derived(stayingIn(this.#reports, this.refused, this.today));

  constructor() {
    const open = ["new", "sent", "quarantined", "rejected"];
    this.#follow(
      () => this.db.meta.get("phone"),
      (row) => (this.#row = row),
    );
    this.#follow(
      () => this.#recordsOf("report"),
      (rows) => (this.#reports = rows),
    );
    this.#follow(
      () => this.#recentNils(),
      (rows) => (this.#nils = rows),
    );
    this.#follow(
      () => this.db.outbox.where("status").anyOf(open).sortBy("seq"),
      (rows) => (this.#outbox = rows),
    );
    this.#follow(
      () => this.db.outbox.where({ disputed: 1 }).toArray(),
      (rows) => (this.#disputed = rows),
    );
    this.#follow(
      () => this.db.drafts.orderBy("updated_at").reverse().toArray(),
      (rows) => (this.#drafts = rows),
    );
    setInterval(() => (this.#clock = Date.now()), TICK);
  }

  /** Runs the query now and after each change of what it read. */
  #follow<T>(query: () => Promise<T>, next: (value: T) => void): void {
    let answered = false;
    this.#unanswered++;
    const take = (value: T): void => {
      next(value);
      if (!answered) this.#unanswered--;
      answered = true;
    };
    liveQuery(query).subscribe({ next: take, error: () => (this.#broken = true) });
  }

  /** The phone's storage cannot be read. */
  get broken(): boolean {
    return this.#broken;
  }

  /** Everything was read once; before that nothing can be said of what waits. */
  get loaded(): boolean {
    return this.#unanswered === 0;
  }

  get row(): PhoneRow | undefined {
    return this.#row;
  }

  get scope(): Scope | null {
    return this.#row?.enrolled ? this.#row.scope : null;
  }

  /** The RTs that are reported for; one that has ended is only looked up (SPEC A3). */
  get areas(): Area[] {
    return this.scope?.areas.filter((area) => !area.ended) ?? [];
  }

  get drafts(): DraftRow[] {
    return this.#drafts;
  }

  /** This phone's own time. */
  get clock(): Instant {
    return this.#clock;
  }

  /** The city's time, as far as the phone can tell. */
  get now(): Instant {
    return this.#clock + (this.#row?.offset ?? 0);
  }

  get today(): string {
    return localDate(this.now, this.scope?.schedule.timezone ?? "Asia/Jakarta");
  }

  /** Of each of the officer's RTs, how it was heard of in this window. */
  get heardOf(): (Heard | undefined)[] {
    return this.areas.map((area) => this.heard.get(area.area_id));
  }

  get unheard(): Area[] {
    return this.areas.filter((area) => !this.heard.has(area.area_id));
  }

  stateOf(record: RecordRow): RecordState {
    const rows = this.#outbox.filter((row) => row.record_id === record.record_id);
    return stateOf(record, [...rows, ...this.#disputedOf(record.record_id)]);
  }

  area(area_id: Uuid): Area | undefined {
    return this.scope?.areas.find((area) => area.area_id === area_id);
  }

  /** Whether it may be shown when the lease is over: what the server does not have, or waits. */
  #isOwn(record: RecordRow): boolean {
    return record.server === null || this.pending.some((row) => row.record_id === record.record_id);
  }

  #disputedOf(record_id: Uuid): OutboxRow[] {
    return this.#disputed.filter((row) => row.record_id === record_id);
  }

  #recordsOf(kind: RecordRow["kind"]): Promise<RecordRow[]> {
    const all = [
      [kind, Dexie.minKey],
      [kind, Dexie.maxKey],
    ];
    return this.db.records.where("[kind+window]").between(all[0], all[1]).toArray();
  }

  /** Nils of this window and later ones; windows are named by their date first. */
  async #recentNils(): Promise<RecordRow[]> {
    const offset = (await this.db.meta.get("phone"))?.offset ?? 0;
    const yesterday = localDate(Date.now() + offset - 86_400_000, "UTC");
    return this.db.records
      .where("[kind+window]")
      .between(["nil", yesterday], ["nil", Dexie.maxKey])
      .toArray();
  }
}

export const phone = new Phone();
