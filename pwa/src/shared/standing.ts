// A phone that is not trusted any more hands in all that was not sent, then deletes all, then says so (SPEC D1, D2).
// Each step is one transaction and is known by `leaving`, so that a phone that dies in between goes on where it was.
// Nothing is deleted before the server has it, and nothing on a mere 401.
import type { Leaving, PhoneRow, RondaDB } from "./db";
import { uuid7 } from "./ids";
import { append } from "./outbox";
import { claimPhotos, photosWaiting } from "./photos";
import type { Standing } from "./protocol";

/** What the server's word makes of the phone; an older server has none. */
export function leavingAfter(standing: Standing | undefined, before: PhoneRow): Leaving | null {
  if (!standing) return before.leaving ?? null;
  return standing.state === "revoked" ? "handing_in" : null;
}

/** Each draft becomes a mutation that the server keeps unread; in the transaction of the caller. */
export async function handInDrafts(db: RondaDB, phone: PhoneRow): Promise<void> {
  for (const { draft_id, record_id, area_id, form, photos = [], updated_at } of await db.drafts.toArray()) {
    await append(db, {
      kind: "draft",
      mutation_id: uuid7(updated_at),
      record_id: record_id ?? draft_id,
      area_id: area_id || (phone.scope?.areas[0]?.area_id ?? ""),
      captured_at: updated_at,
      form,
      photos,
    });
    await claimPhotos(db, photos, updated_at);
    await db.drafts.delete(draft_id);
  }
}

/** How many mutations and drafts the server does not have. */
export async function unsent(db: RondaDB): Promise<number> {
  return (await db.outbox.where("status").anyOf("new", "sent").count()) + (await db.drafts.count());
}

/** Delete all once nothing is unsent, photos included; answers whether it is deleted. Id and secret stay until the server knows. */
export async function wipe(db: RondaDB): Promise<boolean> {
  return db.transaction("rw", db.tables, async () => {
    const phone = await db.meta.get("phone");
    if (phone?.leaving !== "handing_in") return phone?.leaving === "wiped";
    if ((await unsent(db)) + (await photosWaiting(db)) > 0) return false;
    const personal = db.tables.filter(({ name }) => name !== "meta" && name !== "candidates");
    for (const table of personal) await table.clear();
    // A code that was tried and not answered is kept, since it may be used up.
    await db.candidates.toCollection().modify((row) => void (row.phone.scope = null));
    const blank = { code: "", scope: null, cursor: "", sweep: false, behind: 0, asked: 0 };
    await db.meta.update("phone", { ...blank, leaving: "wiped", problem: null, failures: 0, not_before: 0 });
    return true;
  });
}

/** The server knows; from here on the phone is nobody's. One that was enrolled meanwhile is left alone. */
export async function forget(db: RondaDB, secret: string): Promise<void> {
  await db.transaction("rw", db.meta, async () => {
    if ((await db.meta.get("phone"))?.secret !== secret) return;
    await db.meta.update("phone", { enrolled: false, secret: "", leaving: "heard" });
  });
}
