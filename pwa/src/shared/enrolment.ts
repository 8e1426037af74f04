// How a phone becomes an officer's (SPEC M19). Id and secret are made here and kept before they are sent, so that a
// lost answer is repeated with the same three values. Enrolling again keeps the outbox.
import { ApiError, call, type ApiProblem } from "./api";
import type { PhoneRow, RondaDB } from "./db";
import { newSecret, uuid7 } from "./ids";
import type { Enrolled, EnrolRequest, Instant } from "./protocol";

/** Letters in capitals, in groups of five, however they were typed. */
export function codeAsPrinted(typed: string): string {
  const letters = typed.toUpperCase().replace(/[^A-Z0-9]/g, "");
  return letters.match(/.{1,5}/g)?.join("-") ?? "";
}

/** The code in a link's fragment, `#kode=XXXXX-XXXXX`. */
export function codeInFragment(fragment: string): string {
  return codeAsPrinted(new URLSearchParams(fragment.replace(/^#/, "")).get("kode") ?? "");
}

function freshPhone(code: string, now: Instant, before: PhoneRow | undefined): PhoneRow {
  return {
    key: "phone",
    code,
    device_id: uuid7(now),
    secret: newSecret(),
    enrolled: false,
    scope: before?.scope ?? null,
    cursor: "",
    offset: before?.offset ?? 0,
    generation: before?.generation ?? 0,
    sweep: false,
    exchanged_at: null,
    failures: 0,
    not_before: 0,
    problem: null,
  };
}

/** The phone that will be enrolled: the one that tried this code before, or a new one. */
async function candidate(db: RondaDB, code: string, now: Instant): Promise<PhoneRow> {
  return db.transaction("rw", db.candidates, db.meta, async () => {
    const tried = await db.candidates.get(code);
    if (tried) return tried.phone;
    const phone = freshPhone(code, now, await db.meta.get("phone"));
    await db.candidates.put({ code, phone });
    return phone;
  });
}

async function accept(db: RondaDB, phone: PhoneRow, enrolled: Enrolled, now: Instant): Promise<void> {
  await db.transaction("rw", db.candidates, db.meta, async () => {
    const { scope } = enrolled;
    // A candidate may be older than the last full pull of the phone that it replaces.
    const generation = (await db.meta.get("phone"))?.generation ?? phone.generation;
    await db.meta.put({ ...phone, enrolled: true, scope, generation, offset: enrolled.now - now });
    await db.candidates.clear();
  });
}

/** Answers what went wrong, or null when the phone is enrolled. */
export async function enrol(
  db: RondaDB,
  typed: string,
  device_name: string,
  now: () => Instant,
): Promise<ApiProblem | null> {
  const phone = await candidate(db, codeAsPrinted(typed), now());
  const body: EnrolRequest = {
    code: phone.code,
    device_id: phone.device_id,
    secret: phone.secret,
    device_name,
  };
  try {
    await accept(db, phone, await call<Enrolled>("/api/enrol", { method: "POST", body }), now());
    return null;
  } catch (failure) {
    if (failure instanceof ApiError) return failure.code;
    throw failure;
  }
}
