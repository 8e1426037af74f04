// What the views know of the photos: how many wait, which were refused, and each as it is on this phone now.
import { liveQuery } from "dexie";
import type { PhotoRow, RondaDB } from "../shared/db";
import { photosUnread, photosWaiting } from "../shared/photos";
import type { Sha256 } from "../shared/protocol";
import { phone } from "./phone.svelte";

export const MOST_PHOTOS = 6;

class Photos {
  #waiting = $state(0);
  #unread = $state.raw<Sha256[]>([]);

  constructor(db: RondaDB) {
    liveQuery(() => photosWaiting(db)).subscribe((count) => (this.#waiting = count));
    liveQuery(() => photosUnread(db)).subscribe((names) => (this.#unread = names));
  }

  get waiting(): number {
    return this.#waiting;
  }

  /** Refused ones whose reason was not read yet. */
  get unread(): Sha256[] {
    return this.#unread;
  }

  /** The report that names a photo; empty when none on this phone does. */
  pathOf(sha256: Sha256): string {
    const record = phone.reports.find(({ report }) => report!.photos.includes(sha256));
    return record ? `laporan/${record.record_id}` : "";
  }
}

export const photos = new Photos(phone.db);

/** One photo on this phone, with the address of its picture for as long as it is looked at. */
export class Shown {
  #row = $state.raw<PhotoRow>();
  #loaded = $state(false);
  #url = $state("");

  get row(): PhotoRow | undefined {
    return this.#row;
  }

  get loaded(): boolean {
    return this.#loaded;
  }

  get url(): string {
    return this.#url;
  }

  /** Follow a photo until the function that this answers is called. */
  follow(sha256: Sha256): () => void {
    const watching = liveQuery(() => phone.db.photos.get(sha256)).subscribe((row) => {
      if (row && !this.#url) this.#url = URL.createObjectURL(new Blob([row.bytes], { type: row.type }));
      this.#row = row;
      this.#loaded = true;
    });
    return () => {
      watching.unsubscribe();
      URL.revokeObjectURL(this.#url);
      this.#url = "";
    };
  }
}
