// Which view the address asks for: `#/name`. The console's address holds names of views and nothing else.
import type { ConsoleRole } from "../shared/protocol";

export const VIEWS = [
  "today",
  "batches",
  "conflicts",
  "quarantine",
  "findings",
  "phones",
  "counter",
] as const;
export type View = (typeof VIEWS)[number];

const PATHS: Record<View, string> = {
  today: "#/",
  batches: "#/berkas",
  conflicts: "#/data-berbeda",
  quarantine: "#/data-ditahan",
  findings: "#/data-ganda",
  phones: "#/hp-petugas",
  counter: "#/loket",
};
/** Batches and applications are those of the whole city. */
const CITY: readonly ConsoleRole[] = ["immigration", "admin"];
/** Who lives near the people of a report decides on what differs, and knows the officers. */
const DECIDERS: readonly ConsoleRole[] = ["lurah", "camat", "admin"];
const ROLES: Partial<Record<View, readonly ConsoleRole[]>> = {
  batches: CITY,
  conflicts: DECIDERS,
  quarantine: DECIDERS,
  findings: DECIDERS,
  phones: DECIDERS,
  counter: CITY,
};

export const hrefOf = (view: View): string => PATHS[view];

/** The views that a role may open, in the order of the menu. */
export function viewsFor(role: ConsoleRole): View[] {
  return VIEWS.filter((view) => ROLES[view]?.includes(role) ?? true);
}

/** The view that an address names, null where this role has none by that name. */
export function viewAt(hash: string, role: ConsoleRole): View | null {
  const path = hash === "" || hash === "#" ? "#/" : hash;
  return viewsFor(role).find((view) => PATHS[view] === path) ?? null;
}

class Route {
  #hash = $state(globalThis.location?.hash ?? "");

  get hash(): string {
    return this.#hash;
  }

  read(): void {
    this.#hash = location.hash;
  }
}

export const route = new Route();
