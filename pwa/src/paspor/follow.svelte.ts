// What the applicant's page knows: the application that this browser follows, how old that knowledge is, and
// whether the server refused the link. A refused or unreadable link never displaces an application that is kept.
import { ApiError, call, type ApiProblem } from "../shared/api";
import { language } from "../shared/i18n.svelte";
import type { ApplicationView } from "../shared/protocol";
import * as storage from "./kept";
import type { Kept } from "./kept";

export type Phase = "loading" | "none" | "invalid" | "offline" | "open";

const REFUSED: readonly ApiProblem[] = ["unauthorized", "not_found", "forbidden"];

export class Follow {
  #phase = $state<Phase>("loading");
  #kept = $state.raw<Kept | null>(null);
  #checking = $state(false);
  #problem = $state<ApiProblem | null>(null);
  #stored: Kept | undefined;

  get phase(): Phase {
    return this.#phase;
  }

  get kept(): Kept | null {
    return this.#kept;
  }

  get checking(): boolean {
    return this.#checking;
  }

  /** Why the last check failed; null when what is shown is what the server said. */
  get problem(): ApiProblem | null {
    return this.#problem;
  }

  /** Whether an application is kept to which a refused link can lead back. */
  get hasAnother(): boolean {
    return this.#stored !== undefined && this.#stored.token !== this.#kept?.token;
  }

  /** `asked` is what the address bar or a pasted link names; null opens what is kept. */
  async open(asked: { token: string | null } | null): Promise<void> {
    this.#stored = await storage.read().catch(() => undefined);
    const token = asked ? asked.token : this.#stored?.token;
    this.#kept = token === this.#stored?.token ? (this.#stored ?? null) : token ? fresh(token) : null;
    this.#problem = null;
    if (!token) this.#phase = asked ? "invalid" : "none";
    else await this.check();
  }

  /** Asks the server; the answer, or the lack of one, is shown and kept. */
  async check(): Promise<void> {
    const kept = this.#kept;
    if (!kept || this.#checking) return;
    this.#checking = true;
    if (kept.view) this.#phase = "open";
    else if (this.#phase !== "offline") this.#phase = "loading";
    try {
      const view = await call<ApplicationView>("/api/application", { bearer: kept.token });
      await this.keep({ ...this.#kept!, view, asOf: view.now });
      this.#problem = null;
      this.#phase = "open";
    } catch (error) {
      await this.#failed(kept, error);
    } finally {
      this.#checking = false;
    }
  }

  /** Shows and stores; a browser that stores nothing still shows. */
  async keep(kept: Kept): Promise<void> {
    this.#kept = kept;
    this.#stored = kept;
    await storage.write(kept).catch(() => undefined);
  }

  async forget(): Promise<void> {
    await storage.forget().catch(() => undefined);
    await this.open(null);
  }

  async #failed(kept: Kept, error: unknown): Promise<void> {
    this.#problem = error instanceof ApiError ? error.code : "unreadable";
    if (REFUSED.includes(this.#problem)) {
      this.#phase = "invalid";
    } else {
      this.#phase = kept.view ? "open" : "offline";
      await this.keep(kept);
    }
  }
}

function fresh(token: string): Kept {
  return { token, view: null, asOf: 0, endpoint: "", locale: language.current };
}
