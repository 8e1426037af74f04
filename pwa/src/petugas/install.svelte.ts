// The browser's offer to put the app on the home screen, kept until the officer takes it.
interface InstallEvent extends Event {
  prompt(): Promise<unknown>;
}

class Install {
  #offer = $state.raw<InstallEvent>();

  constructor() {
    addEventListener("beforeinstallprompt", (event) => {
      event.preventDefault();
      this.#offer = event as InstallEvent;
    });
    addEventListener("appinstalled", () => (this.#offer = undefined));
  }

  get possible(): boolean {
    return this.#offer !== undefined;
  }

  async accept(): Promise<void> {
    const offer = this.#offer;
    this.#offer = undefined;
    await offer?.prompt();
  }
}

export const install = new Install();
