// Which view is shown: the fragment of the address, so that every view can be opened again without a signal.
import { codeInFragment } from "../shared/enrolment";

/** An address that was typed or cut by hand names no view. */
function decoded(parts: string[]): string[] {
  try {
    return parts.map(decodeURIComponent);
  } catch {
    return [];
  }
}

class Route {
  #fragment = $state(location.hash);

  constructor() {
    addEventListener("hashchange", () => (this.#fragment = location.hash));
  }

  /** The fragment as it stands. */
  get path(): string {
    return this.#fragment;
  }

  /** The parts after `#/`, decoded; none of the start page. */
  get parts(): string[] {
    const path = this.#fragment.startsWith("#/") ? this.#fragment.slice(2) : "";
    return decoded(path.split("/").filter(Boolean));
  }

  /** The code of an enrolment link, else empty. */
  get code(): string {
    return codeInFragment(this.#fragment);
  }

  go(path: string): void {
    location.hash = `#/${path}`;
  }

  /** Go without a way back, as from a code or a form that is done. */
  replace(path: string): void {
    history.replaceState(null, "", `#/${path}`);
    this.#fragment = location.hash;
  }
}

export const route = new Route();
