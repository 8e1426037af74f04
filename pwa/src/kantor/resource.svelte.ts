// One answer of the server that a view shows: loading, there, or failed while the last answer stays visible.
import { ApiError, call, type ApiProblem } from "../shared/api";
import { session } from "./session.svelte";

export class Resource<T> {
  #path: string;
  #data = $state.raw<T | null>(null);
  #loading = $state(false);
  #problem = $state<ApiProblem | null>(null);

  constructor(path: string) {
    this.#path = path;
  }

  get data(): T | null {
    return this.#data;
  }

  get loading(): boolean {
    return this.#loading;
  }

  get problem(): ApiProblem | null {
    return this.#problem;
  }

  async load(): Promise<void> {
    if (this.#loading) return;
    this.#loading = true;
    try {
      this.#data = await call<T>(this.#path);
      this.#problem = null;
    } catch (error) {
      this.#problem = problemOf(error);
    } finally {
      this.#loading = false;
    }
  }

  /** Puts a part that another call has answered in its place. */
  replace(change: (data: T) => T): void {
    if (this.#data !== null) this.#data = change(this.#data);
  }
}

/** The code of a failure; the session hears of it too. */
export function problemOf(error: unknown): ApiProblem {
  const problem = error instanceof ApiError ? error.code : "unreadable";
  session.notice(problem);
  return problem;
}
