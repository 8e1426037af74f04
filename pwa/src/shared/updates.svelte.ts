// The page's side of the service worker: registers it, and offers a new version without forcing it.
import { ACTIVATE } from "./sw-cache";

class Updates {
  #waiting = $state<ServiceWorker | null>(null);

  get ready(): boolean {
    return this.#waiting !== null;
  }

  /** Registers `/app/sw.js`. Without service workers the app runs on, but not offline. */
  async register(scope: string): Promise<void> {
    if (!("serviceWorker" in navigator) || import.meta.env.DEV) return;
    const registration = await navigator.serviceWorker.register(`${scope}sw.js`, { scope });
    this.#notice(registration.waiting);
    registration.addEventListener("updatefound", () => this.#follow(registration.installing));
  }

  apply(): void {
    navigator.serviceWorker.addEventListener("controllerchange", () => location.reload(), { once: true });
    this.#waiting?.postMessage(ACTIVATE);
  }

  #follow(worker: ServiceWorker | null): void {
    worker?.addEventListener("statechange", () => {
      if (worker.state === "installed") this.#notice(worker);
    });
  }

  /** The first version of all replaces nothing, so there is nothing to offer. */
  #notice(worker: ServiceWorker | null): void {
    if (worker && navigator.serviceWorker.controller) this.#waiting = worker;
  }
}

export const updates = new Updates();
