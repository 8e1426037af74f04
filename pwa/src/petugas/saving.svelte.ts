// Writing on the phone, then sending. What could not be written is said, and nothing is taken for saved.
import type { Sending } from "./sending.svelte";

export class Saving {
  #busy = $state(false);
  #failed = $state(false);
  readonly #sending: Pick<Sending, "soon">;
  readonly #makeRoom: () => Promise<boolean>;

  constructor(sending: Pick<Sending, "soon">, room: () => Promise<boolean> = async () => false) {
    this.#sending = sending;
    this.#makeRoom = room;
  }

  get busy(): boolean {
    return this.#busy;
  }

  get failed(): boolean {
    return this.#failed;
  }

  /** Answers whether it is on the phone's disk. A second tap while the first is being written does nothing. */
  async run(write: () => Promise<unknown>): Promise<boolean> {
    if (this.#busy) return false;
    this.#busy = true;
    const written = await this.keep(write);
    this.#busy = false;
    if (written) void this.#sending.soon();
    return written;
  }

  /** The same for what stays on the phone, as a draft does. On a full disk photos that were sent give way. */
  async keep(write: () => Promise<unknown>): Promise<boolean> {
    try {
      await write().catch(async () => {
        if (!(await this.#makeRoom())) throw new Error("not written");
        await write();
      });
      this.#failed = false;
    } catch {
      this.#failed = true;
    }
    return !this.#failed;
  }
}
