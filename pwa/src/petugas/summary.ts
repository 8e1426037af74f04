// A report's groups as lines of label and words, leaving out what is not known.
import { formatDay } from "../shared/format";
import type { Groups, Locale } from "../shared/protocol";
import { nationalityName } from "./nationalities";
import { t } from "./texts";

export type SummaryLine = [label: string, words: string];

/** "12 Maret 1990", "Maret 1990" or "1990" of a date that may be partial. */
function partialDay(date: string, locale: Locale): string {
  if (date.length === 10) return formatDay(date, locale);
  if (date.length !== 7) return date;
  const options = { month: "long", year: "numeric", timeZone: "UTC" } as const;
  return new Intl.DateTimeFormat(locale === "id" ? "id-ID" : "en-GB", options).format(new Date(date));
}

function documentLines({ document }: Groups, locale: Locale): SummaryLine[] {
  if (!document) return [];
  const words = t();
  return [
    [words.form.document, words.documents[document.kind]],
    [words.fields.reason, words.reasons[document.reason]],
    [words.fields.number, document.number],
    [words.fields.issuing_state, nationalityName(document.issuing_state, locale)],
    [words.fields.expiry, formatDay(document.expiry, locale)],
  ];
}

function stayLines({ stay }: Groups, locale: Locale): SummaryLine[] {
  if (!stay) return [];
  const { fields, lodgings } = t();
  return [
    [fields.arrival, formatDay(stay.arrival, locale)],
    [fields.departure, formatDay(stay.departure, locale)],
    [fields.address, stay.address],
    [fields.lodging, stay.lodging && lodgings[stay.lodging]],
    [fields.lodging_name, stay.lodging_name],
    [fields.owner, stay.owner],
    [fields.owner_phone, stay.owner_phone],
    [fields.purpose, stay.purpose],
    [fields.sponsor, stay.sponsor],
  ];
}

export function summary(groups: Groups, locale: Locale): SummaryLine[] {
  const { fields, sex, permits } = t();
  const { identity, permit, note } = groups;
  const lines: SummaryLine[] = [
    [fields.full_name, identity?.full_name ?? ""],
    [fields.nationality, nationalityName(identity?.nationality ?? "", locale)],
    [fields.sex, identity?.sex ? sex[identity.sex] : ""],
    [fields.birth_year, partialDay(identity?.birth_date ?? "", locale)],
    [fields.birth_place, identity?.birth_place ?? ""],
    ...documentLines(groups, locale),
    ...stayLines(groups, locale),
    [fields.permit_kind, permit?.kind ? permits[permit.kind] : ""],
    [fields.permit_number, permit?.number ?? ""],
    [fields.permit_expiry, formatDay(permit?.expiry ?? "", locale)],
    [fields.note, note ?? ""],
  ];
  return lines.filter(([, words]) => words !== "");
}
