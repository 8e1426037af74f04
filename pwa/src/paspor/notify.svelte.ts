// Whether this browser is told when the passport is ready, and how to turn that on and off.
import { language } from "../shared/i18n.svelte";
import type { Locale } from "../shared/protocol";
import type { Follow } from "./follow.svelte";
import type { Kept } from "./kept";
import { NoSubscription, subscribe, tellServer } from "./push";
import { pushManager, turnOff } from "./subscription";

export type Standing = "unavailable" | "unsupported" | "ios" | "denied" | "off" | "on";

/** What a browser can do and was allowed to do, as `standingOf` needs it. */
export interface Browser {
  canPush: boolean;
  isApple: boolean;
  permission: NotificationPermission;
  /** The endpoint of its present subscription, empty where there is none. */
  endpoint: string;
}

/** iOS offers push only to an app on the home screen; a subscription that the server was not told of is off. */
export function standingOf(browser: Browser, kept: Pick<Kept, "endpoint" | "view">): Standing {
  if (!kept.view?.push_key) return "unavailable";
  if (!browser.canPush) return browser.isApple ? "ios" : "unsupported";
  if (browser.permission === "denied") return "denied";
  return kept.endpoint !== "" && browser.endpoint === kept.endpoint ? "on" : "off";
}

export class Notify {
  #follow: Follow;
  #standing = $state<Standing | null>(null);
  #busy = $state(false);
  #failure = $state<"" | "failed" | "notSent">("");

  constructor(follow: Follow) {
    this.#follow = follow;
  }

  get standing(): Standing | null {
    return this.#standing;
  }

  get busy(): boolean {
    return this.#busy;
  }

  get failure(): "" | "failed" | "notSent" {
    return this.#failure;
  }

  async look(): Promise<void> {
    const kept = this.#follow.kept;
    if (kept) this.#standing = standingOf(await thisBrowser(), kept);
  }

  /** To be called from a click: browsers ask for the permission only then. */
  enable(): Promise<void> {
    return this.#act(async (kept) => {
      if ((await Notification.requestPermission()) !== "granted") return;
      const subscription = await subscribe(await pushManager(), kept.view!.push_key);
      await this.#tell(kept, subscription, language.current);
      // What was announced before this browser was known is told by the page alone.
      await this.#follow.check();
      void navigator.storage?.persist?.();
    });
  }

  disable(): Promise<void> {
    return this.#act(async (kept) => {
      await turnOff(kept);
      await this.#follow.keep({ ...kept, endpoint: "" });
    });
  }

  /** Notifications follow the language of the interface. */
  async speak(locale: Locale): Promise<void> {
    const kept = this.#follow.kept;
    if (this.#standing !== "on" || !kept || kept.locale === locale) return;
    const subscription = await (await pushManager()).getSubscription();
    if (subscription) await this.#tell(kept, subscription, locale).catch(() => undefined);
  }

  async #tell(kept: Kept, subscription: PushSubscription, locale: Locale): Promise<void> {
    await tellServer(kept.token, subscription, locale);
    await this.#follow.keep({ ...kept, endpoint: subscription.endpoint, locale });
  }

  async #act(action: (kept: Kept) => Promise<void>): Promise<void> {
    const kept = this.#follow.kept;
    if (!kept || this.#busy) return;
    this.#busy = true;
    this.#failure = "";
    try {
      await action(kept);
    } catch (error) {
      this.#failure = error instanceof NoSubscription ? "failed" : "notSent";
    } finally {
      this.#busy = false;
      await this.look();
    }
  }
}

async function thisBrowser(): Promise<Browser> {
  const canPush = "serviceWorker" in navigator && "PushManager" in window && "Notification" in window;
  const isApple = /iPad|iPhone|iPod/.test(navigator.userAgent) || isTabletMac();
  if (!canPush) return { canPush, isApple, permission: "default", endpoint: "" };
  const registration = await navigator.serviceWorker.getRegistration();
  const subscription = await registration?.pushManager.getSubscription().catch(() => null);
  return { canPush, isApple, permission: Notification.permission, endpoint: subscription?.endpoint ?? "" };
}

/** An iPad calls itself a Mac, but no Mac has a touch screen. */
function isTabletMac(): boolean {
  return navigator.userAgent.includes("Macintosh") && navigator.maxTouchPoints > 1;
}
