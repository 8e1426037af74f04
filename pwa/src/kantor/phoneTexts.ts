// What the page of the officers' phones says, in both languages.
import { texts } from "../shared/i18n.svelte";
import type { OfficerRole, PhoneStanding } from "../shared/protocol";

const id = {
  search: "Cari nama petugas, RT, RW, atau kelurahan",
  empty: "Belum ada petugas di wilayah Anda.",
  noMatch: "Tidak ada petugas yang cocok.",
  more: (shown: string, all: string) => `Menampilkan ${shown} dari ${all} petugas. Ketik untuk mencari.`,
  roles: { rt_head: "Ketua RT", rw_head: "Ketua RW" } as Record<OfficerRole, string>,
  noArea: "Tidak memegang wilayah",
  noPhone: "Belum ada HP.",
  standings: {
    trusted: "Aktif",
    revoked: "Dicabut, menunggu HP menyerahkan data",
    wiped: "Dicabut, HP sudah kosong",
  } as Record<PhoneStanding, string>,
  seen: (instant: string) => `Terakhir terhubung ${instant}`,
  unsent: (count: string) => `${count} data belum terkirim saat itu`,
  app: (version: string) => `Versi aplikasi ${version}`,
  revoke: "Cabut HP ini",
  explain:
    "HP ini tidak dapat melapor dan tidak menerima data lagi. Saat terhubung, HP menyerahkan dulu data yang belum terkirim; data itu menunggu keputusan Anda. Setelah itu semua data di HP dihapus. Ini tidak dapat dibatalkan.",
  confirm: "Ya, cabut HP ini",
  keep: "Batal",
  revoked: "HP sudah dicabut.",
  code: "Kode untuk HP baru",
  another: "Buat kode lain",
  scan: "Pindai dengan kamera HP petugas, atau ketik kodenya di Ronda Petugas.",
  qr: (officer: string) => `Kode QR untuk HP baru ${officer}`,
  until: (time: string) => `Untuk satu HP, berlaku sampai ${time}.`,
};

const en: typeof id = {
  search: "Find an officer, RT, RW or kelurahan",
  empty: "No officer in your area yet.",
  noMatch: "No officer matches.",
  more: (shown, all) => `${shown} of ${all} officers are shown. Type to search.`,
  roles: { rt_head: "Head of RT", rw_head: "Head of RW" },
  noArea: "Has no area",
  noPhone: "No phone yet.",
  standings: {
    trusted: "In use",
    revoked: "Revoked, waiting for the phone to hand in its data",
    wiped: "Revoked, the phone is empty",
  },
  seen: (instant) => `Last contact ${instant}`,
  unsent: (count) => `${count} not sent by then`,
  app: (version) => `App version ${version}`,
  revoke: "Revoke this phone",
  explain:
    "This phone can no longer report and is told nothing more. At its next contact it first hands in what it has not sent, which waits for your decision. Then all data on the phone are deleted. This cannot be undone.",
  confirm: "Yes, revoke this phone",
  keep: "Cancel",
  revoked: "The phone is revoked.",
  code: "Code for a new phone",
  another: "Make another code",
  scan: "Scan it with the camera of the officer's phone, or type the code in Ronda Petugas.",
  qr: (officer) => `QR code for a new phone of ${officer}`,
  until: (time) => `For one phone, good until ${time}.`,
};

export const words = texts(id, en);
