// The list of nationalities, as printed in travel documents (server/data/SOURCES.md), and the search in it.
import csv from "../../../server/data/nationality_codes.csv?raw";
import type { Locale, StateCode } from "../shared/protocol";

export interface Nationality {
  code: StateCode;
  id: string;
  en: string;
}

const ALL: Nationality[] = csv
  .trim()
  .split(/\r?\n/)
  .slice(1)
  .map((line) => {
    const [code = "", , id = "", en = ""] = line.split(",");
    return { code, id, en };
  });

const BY_CODE = new Map(ALL.map((nationality) => [nationality.code, nationality]));

/** For search: small letters without accents. */
function plain(text: string): string {
  return text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
}

/** The name in that language; a code that is not in the list stands for itself. */
export function nationalityName(code: StateCode, locale: Locale): string {
  return BY_CODE.get(code)?.[locale] ?? code;
}

/** The first few whose code or name in either language begins with what is typed, then those that contain it. */
export function findNationalities(typed: string, locale: Locale, most = 6): Nationality[] {
  const wanted = plain(typed.trim());
  if (!wanted) return [];
  const rank = ({ code, id, en }: Nationality): number => {
    const names = [plain(code), plain(id), plain(en)];
    if (names.includes(wanted)) return 0;
    if (names.some((name) => name.startsWith(wanted))) return 1;
    return names.some((name) => name.includes(wanted)) ? 2 : 3;
  };
  const ranked = ALL.map((nationality) => ({ nationality, rank: rank(nationality) })).filter(
    (hit) => hit.rank < 3,
  );
  ranked.sort(
    (a, b) => a.rank - b.rank || a.nationality[locale].localeCompare(b.nationality[locale], locale),
  );
  const hits = ranked.map((hit) => hit.nationality);
  return hits.filter((hit, i) => hits.findIndex((other) => other.id === hit.id) === i).slice(0, most);
}

/** The code of what was typed, a code or a name; null where the list has neither. Germany's documents say `D`. */
export function codeOf(typed: string): StateCode | null {
  const wanted = plain(typed.trim());
  if (!wanted) return "";
  const named = ALL.find(({ id, en }) => plain(id) === wanted || plain(en) === wanted);
  return (ALL.find(({ code }) => plain(code) === wanted) ?? named)?.code ?? null;
}
