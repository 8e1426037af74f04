// The same person in two reports, as far as this phone holds them (SPEC T1, T2). It must agree with sync/twins.py.
// It only asks the officer: nothing is refused, dropped or merged for it.
import type { RecordRow } from "./db";
import type { Document, Identity, Report, Uuid } from "./protocol";

const SHORTEST_NUMBER = 5;
const FULL_DATE = "2000-01-01".length;
/** They stand within a word: O'Brien and OBrien are one name. */
const APOSTROPHES = /['`\u2018\u2019\u02bc]/gu;

function bareCapitals(text: string): string {
  return text
    .normalize("NFKD")
    .toUpperCase()
    .normalize("NFKD")
    .replace(/\p{Mn}/gu, "");
}

/** A name by which two spellings of it compare: no marks, capitals, words in the order of the alphabet. */
export function normalWords(text: string): string {
  const letters = bareCapitals(text.replace(APOSTROPHES, "")).replace(/[^\p{L}\p{N}\p{Mc}]+/gu, " ");
  return letters.split(" ").filter(Boolean).sort().join(" ");
}

/** The letters and digits of a document's number. */
export function normalNumber(text: string): string {
  return bareCapitals(text).replace(/[^A-Z0-9]/g, "");
}

function documentKey({ kind, number, issuing_state }: Document): string {
  const normal = normalNumber(number);
  return kind === "none" || normal.length < SHORTEST_NUMBER ? "" : `${normal} ${issuing_state}`;
}

function personKey({ full_name, birth_date, nationality }: Identity): string {
  const name = normalWords(full_name);
  const known = name && birth_date.length === FULL_DATE && nationality;
  return known ? `${name} ${birth_date} ${nationality}` : "";
}

export interface Keys {
  document?: string;
  person?: string;
}

/** What identifies the person of a report who is there; one who has left has none. */
export function keysOf({ identity, document, stay }: Report): Keys {
  if (stay.departure) return {};
  const [paper, person] = [documentKey(document), personKey(identity)];
  return { ...(paper && { document: paper }), ...(person && { person }) };
}

/** The other reports on this phone that share a key with this one. */
export function twinsOf(report: Report, record_id: Uuid, records: RecordRow[]): RecordRow[] {
  const own = keysOf(report);
  return records.filter((other) => {
    if (other.record_id === record_id || other.removed || !other.report) return false;
    const keys = keysOf(other.report);
    const same = (kind: keyof Keys) => own[kind] !== undefined && own[kind] === keys[kind];
    return same("document") || same("person");
  });
}
