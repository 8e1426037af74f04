// Data that differ: what differs, what there is to choose between, and the resolution that a choice makes (SPEC M14).
// Groups are chosen whole, so that no passport number is ever combined with another's country.
import { call } from "../shared/api";
import {
  GROUPS,
  type ConflictView,
  type Groups,
  type Outcome,
  type Report,
  type Resolve,
} from "../shared/protocol";
import type { FieldName, Group } from "./fields";

export type Side = "phone" | "server";

/** What is chosen as one: a group, or whether the report stays where one side has removed it. */
export type Unit = Group | "record";

export type Choices = Partial<Record<Unit, Side>>;

type Value = string | readonly string[];

export interface Difference {
  field: FieldName;
  phone: Value;
  server: Value;
}

export function unitsOf(conflict: ConflictView): Unit[] {
  if (conflict.server_removed || isRemoval(conflict)) return ["record"];
  return GROUPS.filter((group) => differencesOf(conflict, group).length > 0);
}

/** The fields of a group, or of all groups, whose values differ. */
export function differencesOf(conflict: ConflictView, unit: Unit): Difference[] {
  const server = flat(conflict.server);
  return [...flat(conflict.phone)]
    .map(([field, value]) => ({ field, phone: value, server: server.get(field) ?? "" }))
    .filter((it) => unit === "record" || it.field.split(".")[0] === unit)
    .filter((it) => it.phone.toString() !== it.server.toString());
}

/** Whether a side, if chosen, leaves the report removed. */
export function removes(conflict: ConflictView, side: Side): boolean {
  return side === "phone" ? isRemoval(conflict) : conflict.server_removed;
}

export function isComplete(conflict: ConflictView, choices: Choices): boolean {
  return unitsOf(conflict).every((unit) => choices[unit] !== undefined);
}

/** The decision on one conflict, naming the version that was on the screen. */
export function resolutionOf(
  conflict: ConflictView,
  choices: Choices,
  mutationId: string,
  now: number,
): Resolve {
  const whole = choices.record;
  const chosen = GROUPS.filter((group) => (whole ?? choices[group]) === "phone" && group in conflict.phone);
  return {
    kind: "resolve",
    mutation_id: mutationId,
    record_id: conflict.record_id,
    area_id: conflict.area.area_id,
    captured_at: now,
    seen_version: conflict.server_version,
    conflict_ids: [conflict.conflict_id],
    changes: Object.fromEntries(chosen.map((group) => [group, conflict.phone[group]])),
    removed: whole !== undefined && removes(conflict, whole),
  };
}

export function send(resolution: Resolve): Promise<Outcome> {
  return call("/api/resolutions", { method: "POST", body: resolution });
}

export function nameOf({ server, phone }: ConflictView): string {
  return server.identity.full_name || (phone.identity?.full_name ?? "");
}

/** A phone that removed the report holds no value against the server's. */
function isRemoval({ phone }: ConflictView): boolean {
  return Object.keys(phone).length === 0;
}

/** `{identity: {sex: "F"}, note: "x"}` as `identity.sex -> F`, `note -> x`. */
function flat(groups: Groups | Report): Map<FieldName, Value> {
  const fields = new Map<FieldName, Value>();
  for (const [group, value] of Object.entries(groups) as [Group, object | Value][]) {
    if (typeof value === "string" || Array.isArray(value)) fields.set(group as FieldName, value as Value);
    else
      for (const [name, inner] of Object.entries(value)) fields.set(`${group}.${name}` as FieldName, inner);
  }
  return fields;
}
