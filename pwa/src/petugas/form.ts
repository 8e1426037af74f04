// The form of a report: what is typed, what is wrong with it, and the report it makes. Nothing typed is corrected but the
// spelling of a document's number.
import { EMPTY_REPORT } from "../shared/outbox";
import { LodgingKind, PermitKind, Sex } from "../shared/protocol";
import type { DocumentKind, NoDocumentReason, Report, StateCode } from "../shared/protocol";
import { lineProblem, linesProblem, normalized } from "../shared/text";
import { codeOf, nationalityName } from "./nationalities";

const LINES = [
  "full_name",
  "birth_place",
  "number",
  "permit_number",
  "address",
  "lodging_name",
  "owner",
  "owner_phone",
  "purpose",
  "sponsor",
] as const;
const CHOICES = ["sex", "kind", "reason", "permit_kind", "lodging"] as const;
const DAYS = ["expiry", "permit_expiry", "arrival", "departure"] as const;
const BIRTH = ["birth_day", "birth_month", "birth_year"] as const;
const STATES = ["nationality", "issuing_state"] as const;
export const FIELDS = [...LINES, ...CHOICES, ...DAYS, ...BIRTH, ...STATES, "note"] as const;

export type FieldName = (typeof FIELDS)[number];
export type Form = Record<FieldName, string>;

export type FormProblem =
  | "forbidden"
  | "too_long"
  | "name_missing"
  | "document_missing"
  | "number_missing"
  | "reason_missing"
  | "nationality_unknown"
  | "date_impossible"
  | "year_incomplete"
  | "month_missing"
  | "birth_in_future"
  | "too_far_ahead"
  | "departure_before_arrival";

export type FormProblems = Partial<Record<FieldName, FormProblem>>;

export function emptyForm(today: string): Form {
  const blank = Object.fromEntries(FIELDS.map((field) => [field, ""])) as Form;
  return { ...blank, arrival: today };
}

export function formOf(report: Report, nameOf: (code: string) => string): Form {
  const { identity, document, permit, stay } = report;
  const [birth_year = "", birth_month = "", birth_day = ""] = identity.birth_date.split("-");
  const { nationality, full_name, birth_place, sex } = identity;
  return {
    ...{ full_name, birth_place, sex, birth_year, birth_month, birth_day },
    ...{ kind: document.kind, number: document.number, expiry: document.expiry, reason: document.reason },
    ...{ permit_kind: permit.kind, permit_number: permit.number, permit_expiry: permit.expiry },
    ...stay,
    nationality: nationality && nameOf(nationality),
    issuing_state: document.issuing_state && nameOf(document.issuing_state),
    note: report.note,
  };
}

/** What the form does not ask for, by what was chosen. */
const HIDDEN_BY_DOCUMENT: Record<string, FieldName[]> = {
  "": ["number", "issuing_state", "expiry", "reason"],
  none: ["number", "issuing_state", "expiry"],
  unhcr_card: ["issuing_state", "reason"],
  passport: ["reason"],
  other: ["reason"],
};
const HIDDEN_BY_PERMIT: Record<string, FieldName[]> = {
  "": ["permit_number", "permit_expiry"],
  none: ["permit_number", "permit_expiry"],
};

/** What is hidden is not what the officer says: it is as the report had it for the same choice, else blank. */
function asShown(form: Form, base: Report): Form {
  const before = formOf(base, (code) => nationalityName(code, "id"));
  const blank = (choice: "kind" | "permit_kind", hidden: FieldName[] = []) =>
    hidden.map((field) => [field, form[choice] === before[choice] ? before[field] : ""]);
  return {
    ...form,
    ...Object.fromEntries(blank("kind", HIDDEN_BY_DOCUMENT[form.kind])),
    ...Object.fromEntries(blank("permit_kind", HIDDEN_BY_PERMIT[form.permit_kind])),
  };
}

/** The code of a state as typed, null where the list has none; what stands there since `before` is not judged. */
function stateOf(typed: string, before: StateCode): StateCode | null {
  const same = (["id", "en"] as const).some((locale) => nationalityName(before, locale) === typed.trim());
  return same ? before : codeOf(typed);
}

function isDay(text: string): boolean {
  const time = Date.parse(`${text}T00:00:00Z`);
  return (
    /^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(time) && new Date(time).toISOString().startsWith(text)
  );
}

/** `YYYY`, `YYYY-MM`, `YYYY-MM-DD`, empty, or null where the three parts make no date. */
export function birthDate(form: Form): string | null {
  const [day, month, year] = BIRTH.map((field) => form[field].trim()) as [string, string, string];
  if (!day && !month && !year) return "";
  if (!/^\d{4}$/.test(year) || (day && !month)) return null;
  const text = [year, month && month.padStart(2, "0"), day && day.padStart(2, "0")].filter(Boolean).join("-");
  const whole = text + "-01-01".slice(text.length - 4);
  return isDay(whole) ? text : null;
}

/** What is wrong with a birth date, told at the part that must be mended. */
function birthProblems(form: Form, today: string): FormProblems {
  const birth = birthDate(form);
  if (birth !== null) return birth > today ? { birth_year: "birth_in_future" } : {};
  if (!/^\d{4}$/.test(form.birth_year.trim())) return { birth_year: "year_incomplete" };
  if (!form.birth_month.trim()) return { birth_month: "month_missing" };
  const monthAlone = birthDate({ ...form, birth_day: "" });
  return monthAlone === null ? { birth_month: "date_impossible" } : { birth_day: "date_impossible" };
}

/** Whoever comes or goes tomorrow may be reported today; a later day is a slip. */
function dayAfter(day: string): string {
  return new Date(Date.parse(day) + 86_400_000).toISOString().slice(0, 10);
}

function textProblems(form: Form): FormProblems {
  const problems: FormProblems = {};
  for (const field of LINES) {
    const problem = lineProblem(normalized(form[field]));
    if (problem) problems[field] = problem;
  }
  const problem = linesProblem(normalized(form.note));
  return problem ? { ...problems, note: problem } : problems;
}

function documentProblems(form: Form): FormProblems {
  if (!form.kind) return { kind: "document_missing" };
  if (form.kind === "none") return form.reason ? {} : { reason: "reason_missing" };
  return normalized(form.number) ? {} : { number: "number_missing" };
}

function dateProblems(form: Form, today: string): FormProblems {
  const problems: FormProblems = {};
  for (const field of DAYS) if (form[field] && !isDay(form[field])) problems[field] = "date_impossible";
  for (const field of ["arrival", "departure"] as const)
    if (!problems[field] && form[field] > dayAfter(today)) problems[field] = "too_far_ahead";
  if (form.departure && form.arrival && form.departure < form.arrival)
    problems.departure = "departure_before_arrival";
  return { ...problems, ...birthProblems(form, today) };
}

/** What must be mended before it can be saved; `today` is the city's date, `base` the report that is edited. */
export function problemsOf(typed: Form, today: string, base: Report = EMPTY_REPORT): FormProblems {
  const form = asShown(typed, base);
  const problems: FormProblems = {
    ...documentProblems(form),
    ...dateProblems(form, today),
    ...textProblems(form),
  };
  if (!normalized(form.full_name)) problems.full_name = "name_missing";
  const { identity, document } = base;
  if (stateOf(form.nationality, identity.nationality) === null) problems.nationality = "nationality_unknown";
  if (stateOf(form.issuing_state, document.issuing_state) === null)
    problems.issuing_state = "nationality_unknown";
  return problems;
}

function choice<T extends string>(values: readonly T[], value: string): T {
  return values.find((known) => known === value) ?? values[0]!;
}

/** A document's number as registers write it; one that was not touched stays as it is. */
function documentNumber(form: Form, base: Report): string {
  const typed = normalized(form.number);
  if (typed === base.document.number) return typed;
  return (form.kind === "passport" ? typed.replace(/\s+/g, "") : typed).toUpperCase();
}

/** The report that a form without problems makes; what the form does not show is taken from `base`. */
export function reportOf(typed: Form, base: Report = EMPTY_REPORT): Report {
  const form = asShown(typed, base);
  const line = (field: FieldName) => normalized(form[field]);
  return {
    identity: {
      full_name: line("full_name"),
      sex: choice(Sex, form.sex),
      birth_date: birthDate(form) ?? "",
      birth_place: line("birth_place"),
      nationality: stateOf(form.nationality, base.identity.nationality) ?? "",
    },
    document: {
      kind: form.kind as DocumentKind,
      number: documentNumber(form, base),
      issuing_state: stateOf(form.issuing_state, base.document.issuing_state) ?? "",
      expiry: form.expiry,
      reason: form.reason as NoDocumentReason,
    },
    permit: {
      kind: choice(PermitKind, form.permit_kind),
      number: line("permit_number"),
      expiry: form.permit_expiry,
    },
    stay: {
      address: line("address"),
      lodging: choice(LodgingKind, form.lodging),
      lodging_name: line("lodging_name"),
      owner: line("owner"),
      owner_phone: line("owner_phone"),
      arrival: form.arrival,
      departure: form.departure,
      purpose: line("purpose"),
      sponsor: line("sponsor"),
    },
    note: normalized(form.note),
    photos: base.photos,
  };
}
