// The form of a report: what is typed, what is wrong with it, and the report it makes. Nothing typed is corrected.
import { EMPTY_REPORT } from "../shared/outbox";
import { LodgingKind, PermitKind, Sex } from "../shared/protocol";
import type { DocumentKind, NoDocumentReason, Report } from "../shared/protocol";
import { lineProblem, linesProblem, normalized } from "../shared/text";
import { codeOf } from "./nationalities";

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
  | "birth_in_future"
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
  const birth = birthDate(form);
  if (birth === null) problems.birth_year = "date_impossible";
  else if (birth > today) problems.birth_year = "birth_in_future";
  if (form.departure && form.arrival && form.departure < form.arrival)
    problems.departure = "departure_before_arrival";
  return problems;
}

/** What must be mended before it can be saved; `today` is the city's date. */
export function problemsOf(form: Form, today: string): FormProblems {
  const problems: FormProblems = {
    ...documentProblems(form),
    ...dateProblems(form, today),
    ...textProblems(form),
  };
  if (!normalized(form.full_name)) problems.full_name = "name_missing";
  for (const field of STATES) if (codeOf(form[field]) === null) problems[field] = "nationality_unknown";
  return problems;
}

function choice<T extends string>(values: readonly T[], value: string): T {
  return values.find((known) => known === value) ?? values[0]!;
}

/** The report that a form without problems makes; what the form does not show is taken from `base`. */
export function reportOf(form: Form, base: Report = EMPTY_REPORT): Report {
  const line = (field: FieldName) => normalized(form[field]);
  const none = form.kind === "none";
  return {
    identity: {
      full_name: line("full_name"),
      sex: choice(Sex, form.sex),
      birth_date: birthDate(form) ?? "",
      birth_place: line("birth_place"),
      nationality: codeOf(form.nationality) ?? "",
    },
    document: {
      kind: form.kind as DocumentKind,
      number: none ? "" : line("number"),
      issuing_state: none ? "" : (codeOf(form.issuing_state) ?? ""),
      expiry: none ? "" : form.expiry,
      reason: none ? (form.reason as NoDocumentReason) : "",
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
