// The language of the interface: Indonesian first, English on demand, kept on this device.
// Each app has one typed dictionary; a text that one language lacks does not compile.
import type { Locale } from "./protocol";

const KEY = "ronda.locale";

class Language {
  #current = $state<Locale>("id");

  constructor() {
    if (globalThis.localStorage?.getItem(KEY) === "en") this.#current = "en";
    this.#tellDocument();
  }

  get current(): Locale {
    return this.#current;
  }

  choose(locale: Locale): void {
    this.#current = locale;
    globalThis.localStorage?.setItem(KEY, locale);
    this.#tellDocument();
  }

  #tellDocument(): void {
    if (globalThis.document) document.documentElement.lang = this.#current;
  }
}

export const language = new Language();

/** Both languages of one app; call the answer in a view to get the texts of the language chosen now. */
export function texts<T extends object>(id: T, en: NoInfer<T>): () => T {
  return () => (language.current === "en" ? en : id);
}
