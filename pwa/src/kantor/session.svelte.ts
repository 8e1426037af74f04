// Who is signed in. The session itself is a cookie that no script can read; this device only remembers that there
// may be one, so that the server is not asked in vain.
import { ApiError, call, type ApiProblem } from "../shared/api";
import type { ConsoleUser, SignInRequest } from "../shared/protocol";

const KEY = "ronda.kantor";

export class Session {
  #user = $state.raw<ConsoleUser | null>(null);
  #busy = $state(false);
  #ended = $state(false);
  #problem = $state<ApiProblem | null>(null);

  get user(): ConsoleUser | null {
    return this.#user;
  }

  get busy(): boolean {
    return this.#busy;
  }

  /** A session that was there is no more. */
  get ended(): boolean {
    return this.#ended;
  }

  get problem(): ApiProblem | null {
    return this.#problem;
  }

  async resume(): Promise<void> {
    if (localStorage.getItem(KEY)) await this.#enter(() => call<ConsoleUser>("/api/session"));
  }

  async signIn(body: SignInRequest): Promise<void> {
    await this.#enter(() => call<ConsoleUser>("/api/session", { method: "POST", body }));
  }

  /** Out on this screen even when the server cannot be told; its session ends by itself. */
  async signOut(): Promise<void> {
    await call("/api/session", { method: "DELETE" }).catch(() => undefined);
    this.#leave(false);
  }

  /** Every view hands its failures here: an ended session leads back to the sign-in. */
  notice(problem: ApiProblem): void {
    if (problem === "unauthorized" && this.#user) this.#leave(true);
  }

  async #enter(ask: () => Promise<ConsoleUser>): Promise<void> {
    this.#busy = true;
    this.#problem = null;
    try {
      this.#user = await ask();
      this.#ended = false;
      localStorage.setItem(KEY, "in");
    } catch (error) {
      this.#refused(error instanceof ApiError ? error.code : "unreadable");
    } finally {
      this.#busy = false;
    }
  }

  #refused(problem: ApiProblem): void {
    if (problem === "unauthorized") this.#leave(true);
    else this.#problem = problem;
  }

  #leave(ended: boolean): void {
    this.#user = null;
    this.#ended = ended;
    localStorage.removeItem(KEY);
  }
}

export const session = new Session();
