import { expect, it } from "vitest";
import type { OfficerPhones, PhoneView } from "../shared/protocol";
import { matching, withPhone } from "./phones";

const area = (rt: string, rw: string) => ({
  area_id: `${rt}/${rw}`,
  rt,
  rw,
  kelurahan: "Cengkareng Barat",
  kecamatan: "Cengkareng",
});
const phone = (device_id: string): PhoneView => ({
  device_id,
  name: "HP",
  enrolled_at: 1,
  seen_at: 2,
  unsent: 0,
  app: "",
  standing: "trusted",
  revoked_at: null,
});
const officer = (name: string, rt: string, ...phones: PhoneView[]): OfficerPhones => ({
  officer_id: name,
  officer: name,
  role: "rt_head",
  areas: [area(rt, "002")],
  phones,
});

const BUDI = officer("Budi Contoh", "001", phone("a"), phone("b"));
const WATI = officer("Wati Contoh", "", phone("c"));

it("finds officers by their names and areas, in any order of the words", () => {
  for (const typed of ["", "contoh", "cengkareng rw 002"])
    expect(matching([BUDI, WATI], typed)).toHaveLength(2);
  for (const typed of ["budi", "RT 001/RW 002", "001 BUDI"])
    expect(matching([BUDI, WATI], typed)).toEqual([BUDI]);
  expect(matching([BUDI, WATI], "budi wati")).toEqual([]);
});

it("puts a phone that was revoked in its place, and leaves the others", () => {
  const revoked: PhoneView = { ...phone("b"), standing: "revoked", revoked_at: 3 };
  const [budi, wati] = withPhone([BUDI, WATI], revoked);
  expect(budi?.phones).toEqual([phone("a"), revoked]);
  expect(wati).toEqual(WATI);
});
