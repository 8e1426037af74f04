// What was just written on this phone, told on the page that follows and gone with the next one.
import { t } from "./texts";

type Deed = keyof ReturnType<typeof t>["told"];

class Told {
  #deed = $state<Deed>();
  #name = $state("");
  #path = $state("");

  /** The sentence in three parts, the middle one the person's name, which may run in the other direction. */
  get parts(): [before: string, name: string, after: string] | null {
    if (!this.#deed) return null;
    const [before = "", after] = t().told[this.#deed].split("{name}");
    return after === undefined ? [before, "", ""] : [before, this.#name, after];
  }

  /** Call it when the page that follows is the present one. */
  say(deed: Deed, name = ""): void {
    this.#deed = deed;
    this.#name = name;
    this.#path = location.hash;
  }

  /** The page is now at this path. */
  moved(path: string): void {
    if (path !== this.#path) this.#deed = undefined;
  }
}

export const told = new Told();
