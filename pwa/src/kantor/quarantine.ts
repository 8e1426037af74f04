// Data that were kept: what can be read of the bytes as they came, and the decision about them (SPEC M21).
// Nothing here trusts the bytes: they may be no mutation, or of an app that is newer or older than this one.
import { call } from "../shared/api";
import {
  GROUPS,
  type Outcome,
  type QuarantineView,
  type Ruling,
  type RulingRequest,
} from "../shared/protocol";
import { isField, type FieldName } from "./fields";

export type Kind = "report" | "remove" | "nil" | "resolve" | "draft" | "unknown";

export interface Content {
  kind: Kind;
  name: string;
  fields: { field: FieldName; value: string }[];
}

const KINDS: readonly string[] = ["report", "remove", "nil", "resolve", "draft"] satisfies Kind[];

/** What a person can read of the bytes; what is not understood is left to the bytes themselves. */
export function contentOf({ payload }: QuarantineView): Content {
  const mutation = asObject(parsed(payload));
  const groups = groupsOf(mutation);
  const fields = GROUPS.flatMap((group) => fieldsOf(group, groups[group]));
  return {
    kind: KINDS.includes(String(mutation.kind)) ? (mutation.kind as Kind) : "unknown",
    name: nameOf(groups) || nameOf(asObject(mutation.base)),
    fields: fields.filter(({ value }) => value !== ""),
  };
}

export function decide(view: QuarantineView, decision: Ruling, reason: string): Promise<Outcome> {
  const body: RulingRequest = { decision, reason };
  return call(`/api/quarantine/${view.mutation_id}/${view.digest}/decision`, { method: "POST", body });
}

function groupsOf({ kind, base, changes, form }: Record<string, unknown>): Record<string, unknown> {
  if (kind === "draft") return typed(asObject(form));
  return asObject(kind === "remove" ? base : changes);
}

/** The groups of a form as it was typed, which a revoked phone handed in (SPEC D2). */
function typed(form: Record<string, unknown>): Record<string, unknown> {
  const birth = [form.birth_year, form.birth_month, form.birth_day].filter(Boolean);
  return {
    identity: { ...form, birth_date: birth.join("-") },
    document: form,
    permit: { kind: form.permit_kind, number: form.permit_number, expiry: form.permit_expiry },
    stay: form,
    note: form.note,
  };
}

function parsed(payload: string): unknown {
  try {
    return JSON.parse(payload);
  } catch {
    return null;
  }
}

/** What is not seen, and may turn the letters round, is shown to be there. */
function seen(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Cs}]/gu, "\ufffd");
}

function asObject(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}

function nameOf(groups: Record<string, unknown>): string {
  const name = asObject(groups.identity).full_name;
  return typeof name === "string" ? seen(name) : "";
}

function fieldsOf(group: string, value: unknown): Content["fields"] {
  if (typeof value === "string") return [{ field: group as FieldName, value: seen(value) }];
  return Object.entries(asObject(value)).flatMap(([name, inner]) => {
    const field = `${group}.${name}`;
    return typeof inner === "string" && isField(field) ? [{ field, value: seen(inner) }] : [];
  });
}
