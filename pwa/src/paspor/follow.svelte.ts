// What the applicant's page knows: the application that this browser follows, how old that knowledge is, and
// whether the server refused the link. Only a link that the server knows displaces the one that is kept.
import { ApiError, call, type ApiProblem } from "../shared/api";
import { language } from "../shared/i18n.svelte";
import type { ApplicationView } from "../shared/protocol";
import * as storage from "./kept";
import type { Kept } from "./kept";
import { turnOff } from "./subscription";

export type Phase = "loading" | "none" | "invalid" | "offline" | "open";

const REFUSED: readonly ApiProblem[] = ["unauthorized", "not_found", "forbidden"];

export class Follow {
  #phase = $state<Phase>("loading");
  #kept = $state.raw<Kept | null>(null);
  /** The token that the server is being asked about, empty while it is not. */
  #asking = $state("");
  #problem = $state<ApiProblem | null>(null);
  #stored: Kept | undefined;

  get phase(): Phase {
    return this.#phase;
  }

  get kept(): Kept | null {
    return this.#kept;
  }

  get checking(): boolean {
    return this.#asking !== "";
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
    this.#asking = "";
    if (!token) this.#phase = asked ? "invalid" : "none";
    else await this.check();
  }

  /** Asks the server; the answer, or the lack of one, is shown and kept, unless another link was opened meanwhile. */
  async check(): Promise<void> {
    const kept = this.#kept;
    if (!kept || this.#asking === kept.token) return;
    this.#asking = kept.token;
    if (kept.view) this.#phase = "open";
    else if (this.#phase !== "offline") this.#phase = "loading";
    const answer = await ask(kept.token);
    if (this.#asking !== kept.token) return;
    this.#asking = "";
    if (typeof answer === "string") await this.#failed(kept, answer);
    else await this.#answered(answer);
  }

  /** Shows and stores; a browser that stores nothing still shows. */
  async keep(kept: Kept): Promise<void> {
    const before = this.#stored;
    this.#kept = kept;
    this.#stored = kept;
    if (before?.token !== kept.token) await leave(before);
    await storage.write(kept).catch(() => undefined);
  }

  async forget(): Promise<void> {
    await leave(this.#stored);
    await storage.forget().catch(() => undefined);
    await this.open(null);
  }

  /** What is shown is kept already: the address bar no longer has the secret, and a reload must find it. */
  async #answered(view: ApplicationView): Promise<void> {
    const kept = { ...this.#kept!, view, asOf: view.now };
    await this.keep(kept);
    if (this.#kept?.token !== kept.token) return;
    this.#problem = null;
    this.#phase = "open";
  }

  async #failed(kept: Kept, problem: ApiProblem): Promise<void> {
    this.#problem = problem;
    this.#phase = REFUSED.includes(problem) ? "invalid" : kept.view ? "open" : "offline";
    if (this.#phase !== "invalid" && !this.hasAnother) await this.keep(this.#kept!);
  }
}

/** Of an application that is followed no more this browser must not be told. */
async function leave(kept: Kept | undefined): Promise<void> {
  if (kept?.endpoint) await turnOff(kept).catch(() => undefined);
}

async function ask(token: string): Promise<ApplicationView | ApiProblem> {
  try {
    return await call<ApplicationView>("/api/application", { bearer: token });
  } catch (error) {
    return error instanceof ApiError ? error.code : "unreadable";
  }
}

function fresh(token: string): Kept {
  return { token, view: null, asOf: 0, endpoint: "", locale: language.current };
}
