// Two sets of values side by side: only what differs, by field.
import type { ConflictView, Groups, Report } from "../shared/protocol";
import type { FieldName } from "./texts";

export interface Difference {
  field: FieldName;
  phone: string;
  server: string;
}

export function differencesOf(conflict: ConflictView): Difference[] {
  const phone = flat(conflict.phone);
  const server = flat(conflict.server);
  return [...phone]
    .map(([field, value]) => ({ field, phone: value, server: server.get(field) ?? "" }))
    .filter((it) => it.phone !== it.server);
}

export function nameOf({ server, phone }: ConflictView): string {
  return server.identity.full_name || (phone.identity?.full_name ?? "");
}

/** `{identity: {sex: "F"}, note: "x"}` as `identity.sex -> F`, `note -> x`. */
function flat(groups: Groups | Report): Map<FieldName, string> {
  const fields = new Map<FieldName, string>();
  for (const [group, value] of Object.entries(groups)) {
    if (Array.isArray(value)) fields.set(group as FieldName, String(value.length));
    else if (typeof value === "string") fields.set(group as FieldName, value);
    else
      for (const [name, inner] of Object.entries(value))
        fields.set(`${group}.${name}` as FieldName, inner as string);
  }
  return fields;
}
