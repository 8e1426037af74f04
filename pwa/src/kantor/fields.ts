// The names of a report's groups, fields and values, in both languages.
import { formatDay } from "../shared/format";
import { language, texts } from "../shared/i18n.svelte";
import type { GROUPS } from "../shared/protocol";

export type Group = (typeof GROUPS)[number];

const id = {
  fields: {
    "identity.full_name": "Nama lengkap",
    "identity.sex": "Jenis kelamin",
    "identity.birth_date": "Tanggal lahir",
    "identity.birth_place": "Tempat lahir",
    "identity.nationality": "Kewarganegaraan",
    "document.kind": "Jenis dokumen",
    "document.number": "Nomor dokumen",
    "document.issuing_state": "Negara penerbit",
    "document.expiry": "Dokumen berlaku sampai",
    "document.reason": "Alasan tanpa dokumen",
    "permit.kind": "Izin tinggal",
    "permit.number": "Nomor izin tinggal",
    "permit.expiry": "Izin tinggal berlaku sampai",
    "stay.address": "Alamat",
    "stay.lodging": "Jenis tempat menginap",
    "stay.lodging_name": "Nama tempat menginap",
    "stay.owner": "Pemilik atau pengelola",
    "stay.owner_phone": "Telepon pemilik",
    "stay.arrival": "Tanggal datang",
    "stay.departure": "Tanggal pergi",
    "stay.purpose": "Tujuan",
    "stay.sponsor": "Penjamin",
    note: "Catatan",
    photos: "Foto",
  },
  groups: {
    identity: "Identitas",
    document: "Dokumen",
    permit: "Izin tinggal",
    stay: "Tempat menginap",
    note: "Catatan",
    photos: "Foto",
  } as Record<Group, string>,
  values: {
    F: "Perempuan",
    M: "Laki-laki",
    X: "Tidak disebutkan",
    passport: "Paspor",
    unhcr_card: "Kartu UNHCR",
    other: "Lainnya",
    none: "Tidak ada",
    not_shown: "Tidak dapat menunjukkan dokumen",
    lost: "Hilang",
    at_office: "Di kantor imigrasi",
    with_sponsor: "Di penjamin",
    house: "Rumah",
    boarding_house: "Kos",
    apartment: "Apartemen",
    hotel: "Hotel",
    company: "Mes perusahaan",
  } as Record<string, string>,
  photoCount: (count: number) => `${count} foto`,
};

const en: typeof id = {
  fields: {
    "identity.full_name": "Full name",
    "identity.sex": "Sex",
    "identity.birth_date": "Date of birth",
    "identity.birth_place": "Place of birth",
    "identity.nationality": "Nationality",
    "document.kind": "Kind of document",
    "document.number": "Document number",
    "document.issuing_state": "Issuing state",
    "document.expiry": "Document valid until",
    "document.reason": "Reason for no document",
    "permit.kind": "Stay permit",
    "permit.number": "Permit number",
    "permit.expiry": "Permit valid until",
    "stay.address": "Address",
    "stay.lodging": "Kind of lodging",
    "stay.lodging_name": "Name of lodging",
    "stay.owner": "Owner or manager",
    "stay.owner_phone": "Owner's phone",
    "stay.arrival": "Arrival",
    "stay.departure": "Departure",
    "stay.purpose": "Purpose",
    "stay.sponsor": "Sponsor",
    note: "Note",
    photos: "Photos",
  },
  groups: {
    identity: "Identity",
    document: "Document",
    permit: "Stay permit",
    stay: "Lodging",
    note: "Note",
    photos: "Photos",
  },
  values: {
    F: "Female",
    M: "Male",
    X: "Not stated",
    passport: "Passport",
    unhcr_card: "UNHCR card",
    other: "Other",
    none: "None",
    not_shown: "Cannot show a document",
    lost: "Lost",
    at_office: "At the immigration office",
    with_sponsor: "With the sponsor",
    house: "House",
    boarding_house: "Boarding house",
    apartment: "Apartment",
    hotel: "Hotel",
    company: "Company lodging",
  },
  photoCount: (count) => `${count} photos`,
};

export type FieldName = keyof typeof id.fields;

export const names = texts(id, en);

/** A value as a person reads it; an empty one stays empty. */
export function readable(value: string | readonly string[]): string {
  if (typeof value !== "string") return names().photoCount(value.length);
  if (/^\d{4}-\d{2}-\d{2}$/.test(value)) return formatDay(value, language.current);
  return names().values[value] ?? value;
}
