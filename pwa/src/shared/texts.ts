// What the shared components and the errors say.
import type { ApiProblem } from "./api";
import { texts } from "./i18n.svelte";

export const shared = texts(
  {
    language: "Bahasa",
    skip: "Langsung ke isi",
    loading: "Memuat…",
    retry: "Coba lagi",
    updateReady: "Versi baru tersedia.",
    updateApply: "Perbarui sekarang",
    required: "wajib diisi",
    problems: {
      offline: "Tidak ada sinyal.",
      timeout: "Server tidak menjawab. Coba lagi sebentar.",
      unreadable: "Jawaban server tidak dapat dibaca. Coba lagi sebentar.",
      unauthorized: "Anda belum masuk, atau sesi sudah berakhir.",
      forbidden: "Anda tidak berhak membuka bagian ini.",
      not_found: "Tidak ditemukan.",
      busy: "Server sedang sibuk. Coba lagi sebentar.",
      credentials_invalid: "Nama pengguna atau kata sandi salah.",
      code_invalid: "Kode tidak berlaku. Minta kode baru kepada kelurahan.",
      code_used: "Kode ini sudah dipakai. Minta kode baru kepada kelurahan.",
      code_expired: "Kode ini sudah lewat waktunya. Minta kode baru kepada kelurahan.",
      device_revoked: "HP ini sudah dicabut. Minta kode baru kepada kelurahan.",
      event_not_allowed: "Langkah ini tidak berlaku untuk status permohonan sekarang.",
      payment_missing: "Permohonan belum dibayar.",
    } as Partial<Record<ApiProblem, string>>,
    problem: (code: string) => `Ada masalah di server (${code}). Coba lagi sebentar.`,
  },
  {
    language: "Language",
    skip: "Skip to content",
    loading: "Loading…",
    retry: "Try again",
    updateReady: "A new version is available.",
    updateApply: "Update now",
    required: "required",
    problems: {
      offline: "No signal.",
      timeout: "The server does not answer. Try again in a moment.",
      unreadable: "The server's answer cannot be read. Try again in a moment.",
      unauthorized: "You are not signed in, or your session has ended.",
      forbidden: "You may not open this part.",
      not_found: "Not found.",
      busy: "The server is busy. Try again in a moment.",
      credentials_invalid: "Wrong user name or password.",
      code_invalid: "This code is not valid. Ask the kelurahan for a new one.",
      code_used: "This code has been used. Ask the kelurahan for a new one.",
      code_expired: "This code has expired. Ask the kelurahan for a new one.",
      device_revoked: "This phone was revoked. Ask the kelurahan for a new code.",
      event_not_allowed: "This step does not fit the application's present state.",
      payment_missing: "The application has not been paid.",
    },
    problem: (code: string) => `The server has a problem (${code}). Try again in a moment.`,
  },
);

/** A sentence for the person, for any code that the server may answer. */
export function sentence(code: ApiProblem): string {
  return shared().problems[code] ?? shared().problem(code);
}
