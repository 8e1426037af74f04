// A push message as the notification to show. Whatever arrives, something is shown: the browser demands it.

export interface Announcement {
  title: string;
  options: NotificationOptions;
}

/** Declarative Web Push wraps the notification, older senders do not; an unreadable message still says that there is news. */
export function announcementOf(data: string | undefined, scope: string): Announcement {
  const said = wordsOf(data);
  const text = (name: string, otherwise: string): string =>
    typeof said[name] === "string" && said[name] ? said[name] : otherwise;
  return {
    title: text("title", "Permohonan paspor"),
    options: {
      body: text("body", "Ada kabar tentang permohonan Anda. Ketuk untuk melihatnya."),
      lang: text("lang", "id"),
      tag: text("tag", "ronda"),
      icon: `${scope}icon-192.png`,
      data: { navigate: text("navigate", scope) },
    },
  };
}

/** Where a tap leads: the address in the notification, if it lies in this app; else the app's first page. */
export function destinationOf(data: unknown, scope: string, origin: string): string {
  const named = (data as { navigate?: unknown } | null)?.navigate;
  const home = new URL(scope, origin).href;
  if (typeof named !== "string") return home;
  const url = new URL(named, origin);
  return url.href.startsWith(home) ? url.href : home;
}

function wordsOf(data: string | undefined): Record<string, unknown> {
  try {
    const message: unknown = JSON.parse(data ?? "");
    const words = (message as { notification?: unknown } | null)?.notification ?? message;
    return typeof words === "object" && words !== null ? (words as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
