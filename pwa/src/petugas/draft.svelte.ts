// A form that is being filled in: kept as typed with each key, found again after a reload, saved as a report.
import type { DraftRow, OutboxRow, RecordRow, RondaDB } from "../shared/db";
import { EMPTY_REPORT, mutationOf, saveReport } from "../shared/outbox";
import { digestOf, keepPhoto, type Picture } from "../shared/photos";
import type { Area, Locale, Report, Sha256, Uuid } from "../shared/protocol";
import { twinsOf } from "../shared/twins";
import { emptyForm, formOf, problemsOf, reportOf, type Form, type FormProblems } from "./form";
import { nationalityName } from "./nationalities";

export interface Opening {
  draft_id: Uuid;
  /** null for a report that begins */
  record_id: Uuid | null;
  area_id: Uuid;
  base: Report;
  form: Form;
  photos?: Sha256[];
}

export class Draft {
  readonly draft_id: Uuid;
  readonly record_id: Uuid | null;
  readonly #base: Report;
  readonly #db: RondaDB;
  #saving = false;
  area_id = $state("");
  form = $state() as Form;
  problems = $state<FormProblems>({});
  /** those that were taken for it; those of the report that is edited stand in its base */
  photos = $state.raw<Sha256[]>([]);
  kept = $state(false);

  constructor(db: RondaDB, opening: Opening) {
    this.#db = db;
    this.draft_id = opening.draft_id;
    this.record_id = opening.record_id;
    this.#base = opening.base;
    this.area_id = opening.area_id;
    this.form = opening.form;
    this.photos = opening.photos ?? [];
  }

  /** All photos that the report will name: the set only grows (SPEC M7). */
  get allPhotos(): Sha256[] {
    return [...new Set([...this.#base.photos, ...this.photos])];
  }

  /** Called with each change that the officer makes. What was complained of goes as soon as it is mended. */
  async keep(today: string): Promise<void> {
    if (this.#saving) return;
    if (Object.keys(this.problems).length > 0) this.problems = problemsOf(this.form, today, this.#base);
    try {
      await this.#db.drafts.put(this.#row());
      this.kept = true;
    } catch (failure) {
      this.kept = false;
      throw failure;
    }
  }

  #row(): DraftRow {
    const { draft_id, record_id, area_id, photos } = this;
    const form = $state.snapshot(this.form);
    return { draft_id, record_id, area_id, form, base: this.#base, photos, updated_at: Date.now() };
  }

  /** A photo and the draft that has it are kept together. */
  async addPhoto(picture: Picture): Promise<void> {
    const before = this.photos;
    const sha256 = await digestOf(picture.bytes);
    this.photos = [...new Set([...before, sha256])];
    try {
      await this.#db.transaction("rw", this.#db.photos, this.#db.drafts, async () => {
        await keepPhoto(this.#db, sha256, picture, Date.now());
        await this.#db.drafts.put(this.#row());
      });
      this.kept = true;
    } catch (failure) {
      this.photos = before;
      throw failure;
    }
  }

  /** A photo that was taken for this draft, and is not to be in the report. */
  async dropPhoto(sha256: Sha256): Promise<void> {
    this.photos = this.photos.filter((name) => name !== sha256);
    await this.#db.drafts.put(this.#row());
  }

  /** Whether it can be saved; what must be mended first is in `problems`. */
  check(today: string): boolean {
    this.problems = problemsOf(this.form, today, this.#base);
    return Object.keys(this.problems).length === 0 && this.area_id !== "";
  }

  /** Others on this phone that may be of the same person; asked of a report that begins. */
  twins(records: RecordRow[]): RecordRow[] {
    if (this.record_id) return [];
    return twinsOf(reportOf($state.snapshot(this.form), this.#base), this.draft_id, records);
  }

  /** A draft becomes one report, whoever saves it and how often: a report that begins takes the draft's id. */
  async save(): Promise<void> {
    const typed = reportOf($state.snapshot(this.form), this.#base);
    const report = { ...typed, photos: this.allPhotos };
    const { draft_id, record_id, area_id } = this;
    const save = { record_id: record_id ?? draft_id, area_id, base: this.#base, report, draft_id };
    this.#saving = true;
    try {
      await saveReport(this.#db, { ...save, now: Date.now() });
    } catch (failure) {
      this.#saving = false;
      throw failure;
    }
  }
}

function reopened(row: DraftRow, today: string): Opening {
  return { ...row, form: { ...emptyForm(today), ...row.form } };
}

/** A report that begins, or the one that this draft has already become. */
export async function openNew(
  db: RondaDB,
  draft_id: Uuid,
  areas: Area[],
  today: string,
  locale: Locale,
): Promise<Draft | null> {
  const row = await db.drafts.get(draft_id);
  if (!row && (await db.records.get(draft_id))) return openEdit(db, draft_id, today, locale);
  const fresh = { draft_id, record_id: null, area_id: "", base: EMPTY_REPORT, form: emptyForm(today) };
  const opening = row ? reopened(row, today) : fresh;
  // An RT may have ended since the draft was begun; nothing begins in it any more (SPEC A3).
  const draft = new Draft(db, { ...opening, area_id: ownArea(opening.area_id, areas) });
  draft.kept = row !== undefined;
  return draft;
}

/** The form of a report that is there; a draft of it, once begun, has the report's own id. Null if it is not there. */
export async function openEdit(
  db: RondaDB,
  record_id: Uuid,
  today: string,
  locale: Locale,
): Promise<Draft | null> {
  const row = await db.drafts.get(record_id);
  const record = await db.records.get(record_id);
  if (row) return new Draft(db, reopened(row, today));
  if (!record?.report || record.removed) return null;
  const form = formOf(record.report, (code) => nationalityName(code, locale));
  return new Draft(db, {
    draft_id: record_id,
    record_id,
    area_id: record.area_id,
    base: record.report,
    form,
  });
}

/** Where a draft is opened again. */
export function draftPath(draft: Pick<DraftRow, "draft_id" | "record_id">): string {
  return draft.record_id ? `laporan/${draft.record_id}/ubah` : `draf/${draft.draft_id}`;
}

function ownArea(area_id: Uuid, areas: Area[]): Uuid {
  const open = areas.filter((area) => !area.ended);
  if (open.some((area) => area.area_id === area_id)) return area_id;
  return open.length === 1 ? open[0]!.area_id : "";
}

/**
 * Whether what was not accepted is to be an edit again: of a report that the server holds and the officer may write.
 * Anything else is to be a report of its own.
 */
function editsAgain(row: OutboxRow, record: RecordRow | undefined, areas: Area[]): record is RecordRow {
  const { server, removed, area_id = "" } = record ?? {};
  const writable = areas.some((area) => area.area_id === area_id) && row.outcome?.code !== "area_fixed";
  return server?.kind === "report" && !removed && writable;
}

/**
 * A draft of what was not accepted, to be reported again; answers where it is opened. However often this is asked
 * for, it is one draft and one report, and what was typed into it stays.
 */
export async function keepAgain(db: RondaDB, row: OutboxRow, locale: Locale, areas: Area[]): Promise<string> {
  const mutation = mutationOf(row);
  const record = await db.records.get(row.record_id);
  const edits = editsAgain(row, record, areas);
  const opened = edits
    ? { draft_id: row.record_id, record_id: row.record_id, area_id: record.area_id, base: record.report! }
    : {
        draft_id: row.mutation_id,
        record_id: null,
        area_id: ownArea(mutation.area_id, areas),
        base: EMPTY_REPORT,
      };
  const changes = mutation.kind === "report" ? mutation.changes : {};
  const report = { ...EMPTY_REPORT, ...record?.report, ...changes };
  const form = formOf(report, (code) => nationalityName(code, locale));
  const begun = (await db.drafts.get(opened.draft_id)) ?? (!edits && (await db.records.get(opened.draft_id)));
  if (!begun) await db.drafts.put({ ...opened, form, photos: report.photos, updated_at: Date.now() });
  return draftPath(opened);
}
