// What the views know of the phone: its rows as they are now, also when another tab or the worker wrote them.
import Dexie, { liveQuery } from "dexie";
import { RondaDB, type DraftRow, type OutboxRow, type PhoneRow, type RecordRow } from "../shared/db";
import { isPending, isRefused } from "../shared/outbox";
import type { Area, Instant, Scope, Uuid } from "../shared/protocol";
import { localDate, windowAt } from "../shared/windows";
import { heardAreas, inOrder, stateOf, stayingIn, type Heard, type RecordState } from "./state";

const TICK = 10_000;

class Phone {
  readonly db = new RondaDB();
  #row = $state.raw<PhoneRow>();
  #reports = $state.raw<RecordRow[]>([]);
  #nils = $state.raw<RecordRow[]>([]);
  #outbox = $state.raw<OutboxRow[]>([]);
  #drafts = $state.raw<DraftRow[]>([]);
  #unanswered = $state(0);
  #broken = $state(false);
  #clock = $state(Date.now());

  readonly reports = $derived(inOrder(this.#reports.filter((record) => !record.removed)));
  readonly pending = $derived(this.#outbox.filter(isPending));
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

  get areas(): Area[] {
    return this.scope?.areas ?? [];
  }

  get drafts(): DraftRow[] {
    return this.#drafts;
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
    return stateOf(record, rows);
  }

  area(area_id: Uuid): Area | undefined {
    return this.areas.find((area) => area.area_id === area_id);
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
