// One person in two reports: what is shown of them side by side, and what a person says (SPEC T3).
import { call } from "../shared/api";
import type { Evidence, FindingView, Report, Verdict, VerdictRequest } from "../shared/protocol";
import type { FieldName } from "./fields";

export interface Line {
  field: FieldName;
  value: string;
  /** Whether both reports have it alike, as far as their keys say. */
  shared: boolean;
}

const SHOWN: readonly (readonly [FieldName, Evidence | null])[] = [
  ["identity.full_name", "person"],
  ["identity.birth_date", "person"],
  ["identity.nationality", "person"],
  ["document.kind", null],
  ["document.number", "document"],
  ["document.issuing_state", "document"],
  ["stay.address", null],
  ["stay.lodging_name", null],
  ["stay.arrival", null],
];

/** The fields by which a person tells whether two reports are of one; empty ones are left out. */
export function linesOf(report: Report, evidence: readonly Evidence[]): Line[] {
  return SHOWN.map(([field, by]) => ({
    field,
    value: valueOf(report, field),
    shared: by !== null && evidence.includes(by),
  })).filter(({ value }) => value !== "");
}

export function keyOf({ sides }: FindingView): string {
  return sides.map((side) => side.record_id).join("/");
}

export function decide(finding: FindingView, decision: Verdict, reason: string): Promise<void> {
  const body: VerdictRequest = { decision, reason };
  return call(`/api/findings/${keyOf(finding)}/decision`, { method: "POST", body });
}

function valueOf(report: Report, field: FieldName): string {
  const [group, name] = field.split(".") as ["identity" | "document" | "stay", string];
  return (report[group] as unknown as Record<string, string>)[name] ?? "";
}
