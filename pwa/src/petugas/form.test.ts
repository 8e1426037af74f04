import { describe, expect, test } from "vitest";
import { EMPTY_REPORT } from "../shared/outbox";
import type { Locale, Report } from "../shared/protocol";
import { birthDate, emptyForm, formOf, problemsOf, reportOf, type Form } from "./form";
import { codeOf, findNationalities, nationalityName } from "./nationalities";

const TODAY = "2026-11-23";

const name = (locale: Locale) => (code: string) => nationalityName(code, locale);

function filled(over: Partial<Form> = {}): Form {
  return { ...emptyForm(TODAY), full_name: "Siti", kind: "passport", number: "X1", ...over };
}

describe("a form", () => {
  test("M3 takes one name, in any script", () => {
    expect(problemsOf(filled({ full_name: "عبد الله" }), TODAY)).toEqual({});
    expect(problemsOf(filled({ full_name: "  " }), TODAY)).toEqual({ full_name: "name_missing" });
  });

  test("M3 refuses hidden characters with a word and changes nothing", () => {
    expect(problemsOf(filled({ full_name: "Si\u202eti" }), TODAY).full_name).toBe("forbidden");
    expect(problemsOf(filled({ note: "satu\ndua" }), TODAY)).toEqual({});
  });

  test("wants a document's number, or the reason why there is none", () => {
    expect(problemsOf(filled({ number: "" }), TODAY)).toEqual({ number: "number_missing" });
    expect(problemsOf(filled({ kind: "" }), TODAY)).toEqual({ kind: "document_missing" });
    expect(problemsOf(filled({ kind: "none", number: "" }), TODAY)).toEqual({ reason: "reason_missing" });
    expect(problemsOf(filled({ kind: "none", reason: "lost" }), TODAY)).toEqual({});
  });

  test("makes no document number of what was typed before none was chosen", () => {
    const { document } = reportOf(
      filled({ kind: "none", reason: "lost", number: "X1", issuing_state: "India" }),
    );
    expect(document).toEqual({ kind: "none", number: "", issuing_state: "", expiry: "", reason: "lost" });
  });

  test.each([
    ["", "", "", ""],
    ["", "", "1990", "1990"],
    ["", "3", "1990", "1990-03"],
    ["9", "3", "1990", "1990-03-09"],
    ["29", "2", "2023", null],
    ["9", "", "1990", null],
    ["", "13", "1990", null],
    ["9", "3", "90", null],
  ])("reads a birth date of day %j, month %j, year %j as %j", (birth_day, birth_month, birth_year, date) => {
    expect(birthDate(filled({ birth_day, birth_month, birth_year }))).toBe(date);
  });

  test("flags dates that cannot be", () => {
    expect(problemsOf(filled({ birth_year: "2027" }), TODAY)).toEqual({ birth_year: "birth_in_future" });
    const before = filled({ arrival: "2026-11-20", departure: "2026-11-19" });
    expect(problemsOf(before, TODAY)).toEqual({ departure: "departure_before_arrival" });
    expect(problemsOf(filled({ arrival: "", departure: "2026-11-19" }), TODAY)).toEqual({});
  });

  test.each([
    [{ birth_year: "90" }, { birth_year: "year_incomplete" }],
    [{ birth_month: "3" }, { birth_year: "year_incomplete" }],
    [{ birth_year: "1990", birth_day: "9" }, { birth_month: "month_missing" }],
    [{ birth_year: "1990", birth_month: "13", birth_day: "9" }, { birth_month: "date_impossible" }],
    [{ birth_year: "2023", birth_month: "2", birth_day: "29" }, { birth_day: "date_impossible" }],
  ] as const)("tells at the part of the birth date what is wrong with it: %j", (parts, problems) => {
    expect(problemsOf(filled(parts), TODAY)).toEqual(problems);
  });

  test("takes an arrival or a departure until tomorrow, and none later", () => {
    expect(problemsOf(filled({ arrival: "2026-11-24", departure: "2026-11-24" }), TODAY)).toEqual({});
    const later = filled({ arrival: "2026-11-25", departure: "2099-01-01" });
    expect(problemsOf(later, TODAY)).toEqual({ arrival: "too_far_ahead", departure: "too_far_ahead" });
    expect(problemsOf(filled({ arrival: "2026-12-01" }), "2026-11-30")).toEqual({});
  });

  test.each([
    ["passport", " p123 4567a ", "P1234567A"],
    ["unhcr_card", " 747-19c 00001", "747-19C 00001"],
  ])("writes the number of a %s as registers do: %j becomes %j", (kind, number, written) => {
    const report = reportOf(filled({ kind, number }));
    expect(report.document.number).toBe(written);
  });

  test("leaves a document's number that was not touched as it is", () => {
    const base = reportOf(filled());
    base.document.number = "x 1";
    expect(reportOf({ ...formOf(base, name("id")), note: "kamar 2" }, base)).toEqual({
      ...base,
      note: "kamar 2",
    });
  });

  test("of a report gives the same report back, in both languages", () => {
    const report = reportOf(
      filled({
        nationality: "Myanmar (Burma)",
        birth_year: "1990",
        address: "Jl. Kenanga 3",
        permit_kind: "ITAS",
      }),
    );
    for (const locale of ["id", "en"] as const) {
      expect(reportOf(formOf(report, name(locale)))).toEqual(report);
    }
    expect(formOf(EMPTY_REPORT, String).birth_day).toBe("");
  });
});

describe("what a form does not show", () => {
  const half = { issuing_state: "Atlan", number: "\u202e", reason: "lost" };

  test("is nothing that the officer could mend", () => {
    expect(problemsOf(filled({ ...half, kind: "none" }), TODAY)).toEqual({});
    expect(problemsOf(filled({ ...half, kind: "" }), TODAY)).toEqual({ kind: "document_missing" });
    expect(problemsOf(filled({ permit_kind: "none", permit_expiry: "2026-02-31" }), TODAY)).toEqual({});
  });

  test("is not stored with another choice", () => {
    const card = reportOf(filled({ kind: "unhcr_card", number: "1", issuing_state: "Yaman" }));
    expect(card.document).toMatchObject({ kind: "unhcr_card", number: "1", issuing_state: "" });
    const { permit } = reportOf(filled({ permit_kind: "none", permit_number: "2C11" }));
    expect(permit).toEqual({ kind: "none", number: "", expiry: "" });
  });

  test("is kept as the report had it", () => {
    const base: Report = {
      ...reportOf(filled({ kind: "unhcr_card" })),
      permit: { kind: "", number: "2C11", expiry: "2027-01-01" },
    };
    base.document.issuing_state = "YEM";
    expect(reportOf(formOf(base, name("en")), base)).toEqual(base);
    const passport = reportOf({ ...formOf(base, name("id")), kind: "passport", issuing_state: "" }, base);
    expect(passport.document.issuing_state).toBe("");
  });
});

describe("a nationality", () => {
  test("is found by its beginning in either language, without accents", () => {
    expect(findNationalities("aland", "id")[0]?.code).toBe("ALA");
    expect(findNationalities("mya", "id")[0]?.code).toBe("MMR");
    expect(findNationalities("germ", "id")).toEqual(findNationalities("jerm", "id"));
  });

  test("of Germany is D, as its passports say", () => {
    expect(codeOf("Jerman")).toBe("D");
    expect(codeOf("DEU")).toBe("DEU");
  });

  test.each(["ZZZ", "DEU"])("that a report has already is kept, in or out of the list: %s", (code) => {
    const base = reportOf(filled());
    base.identity.nationality = base.document.issuing_state = code;
    for (const locale of ["id", "en"] as const) {
      const form = { ...formOf(base, name(locale)), note: "kamar 2" };
      expect(problemsOf(form, TODAY, base)).toEqual({});
      expect(reportOf(form, base)).toEqual({ ...base, note: "kamar 2" });
    }
  });

  test("that is not in the list is flagged, never guessed", () => {
    expect(codeOf("Atlantis")).toBeNull();
    expect(problemsOf(filled({ nationality: "Atlantis" }), TODAY)).toEqual({
      nationality: "nationality_unknown",
    });
  });
});
