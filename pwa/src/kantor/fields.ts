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
    "stay.purpose": "Keperluan",
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
    "identity.sex": { F: "Perempuan", M: "Laki-laki", X: "Lainnya" },
    "document.kind": {
      passport: "Paspor",
      unhcr_card: "Kartu UNHCR",
      other: "Dokumen lain",
      none: "Tidak dapat menunjukkan dokumen",
    },
    "document.reason": {
      not_shown: "Tidak mau atau tidak dapat menunjukkan",
      lost: "Hilang",
      at_office: "Sedang diurus di kantor imigrasi",
      with_sponsor: "Dipegang penjamin",
    },
    "permit.kind": { none: "Tidak ada" },
    "stay.lodging": {
      house: "Rumah",
      boarding_house: "Kos",
      apartment: "Apartemen",
      hotel: "Hotel atau penginapan",
      company: "Mes perusahaan",
      other: "Lainnya",
    },
  } as Record<string, Record<string, string>>,
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
    "identity.sex": { F: "Female", M: "Male", X: "Other" },
    "document.kind": {
      passport: "Passport",
      unhcr_card: "UNHCR card",
      other: "Other document",
      none: "Cannot show a document",
    },
    "document.reason": {
      not_shown: "Will not or cannot show it",
      lost: "Lost",
      at_office: "Being processed at the immigration office",
      with_sponsor: "Held by the sponsor",
    },
    "permit.kind": { none: "None" },
    "stay.lodging": {
      house: "House",
      boarding_house: "Boarding house",
      apartment: "Apartment",
      hotel: "Hotel or guest house",
      company: "Company quarters",
      other: "Other",
    },
  },
  photoCount: (count) => `${count} photos`,
};

export type FieldName = keyof typeof id.fields;

export const names = texts(id, en);

export const isField = (name: string): name is FieldName => name in id.fields;

/** A value of a field as a person reads it; an empty one stays empty. */
export function readable(field: FieldName, value: string | readonly string[]): string {
  if (typeof value !== "string") return names().photoCount(value.length);
  if (/^\d{4}-\d{2}-\d{2}$/.test(value)) return formatDay(value, language.current);
  return names().values[field]?.[value] ?? value;
}
