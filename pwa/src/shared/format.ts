// How dates, times, windows and places are written. Times are those of the city, whatever the device thinks.
import type { Area, Day, Instant, Locale } from "./protocol";

export const CITY_ZONE = "Asia/Jakarta";

const TAGS: Record<Locale, string> = { id: "id-ID", en: "en-GB" };
const ZONES: Record<string, string> = {
  "Asia/Jakarta": "WIB",
  "Asia/Makassar": "WITA",
  "Asia/Jayapura": "WIT",
};
const WINDOWS: Record<string, string> = { pagi: "Morning", siang: "Midday", malam: "Evening" };

const LONG: Intl.DateTimeFormatOptions = { day: "numeric", month: "long", year: "numeric" };

/** "1 Agustus 2016" of a `YYYY-MM-DD`; an empty day stays empty. */
export function formatDay(day: Day, locale: Locale): string {
  return day && new Intl.DateTimeFormat(TAGS[locale], { ...LONG, timeZone: "UTC" }).format(new Date(day));
}

/** "Senin, 1 Agustus 2016". */
export function formatWeekday(day: Day, locale: Locale): string {
  const options: Intl.DateTimeFormatOptions = { ...LONG, weekday: "long", timeZone: "UTC" };
  return day && new Intl.DateTimeFormat(TAGS[locale], options).format(new Date(day));
}

/** The city's date of an instant, as `YYYY-MM-DD`. */
export function dayOf(instant: Instant, timeZone = CITY_ZONE): Day {
  return new Intl.DateTimeFormat("en-CA", { timeZone, dateStyle: "short" }).format(instant);
}

/** "1 Agustus 2016" of an instant. */
export function formatDate(instant: Instant, locale: Locale, timeZone = CITY_ZONE): string {
  return new Intl.DateTimeFormat(TAGS[locale], { ...LONG, timeZone }).format(instant);
}

/** "pukul 16.00 WIB"; in English "16:00 WIB". */
export function formatTime(instant: Instant, locale: Locale, timeZone = CITY_ZONE): string {
  const clock: Intl.DateTimeFormatOptions = {
    hour: "2-digit",
    minute: "2-digit",
    hourCycle: "h23",
    timeZone,
  };
  const time = new Intl.DateTimeFormat(TAGS[locale], clock).format(instant);
  return [locale === "id" ? "pukul" : "", time, ZONES[timeZone] ?? timeZone].filter(Boolean).join(" ");
}

/** "1 Agustus 2016 pukul 16.00 WIB". */
export function formatInstant(instant: Instant, locale: Locale, timeZone = CITY_ZONE): string {
  const comma = locale === "id" ? "" : ",";
  return `${formatDate(instant, locale, timeZone)}${comma} ${formatTime(instant, locale, timeZone)}`;
}

/** "Pagi", "Siang", "Malam" of a window's name; a name that is not known stands for itself. */
export function windowName(name: string, locale: Locale): string {
  const translated = locale === "en" ? WINDOWS[name] : undefined;
  return translated ?? name.charAt(0).toUpperCase() + name.slice(1);
}

/** "Siang, 23 November 2026" of a window such as `2026-11-23/siang`. */
export function formatWindow(window: string, locale: Locale): string {
  const [day = "", name = ""] = window.split("/");
  return `${windowName(name, locale)}, ${formatDay(day, locale)}`;
}

/** "RT 005/RW 012". */
export function formatArea(area: Pick<Area, "rt" | "rw">): string {
  return `RT ${area.rt.padStart(3, "0")}/RW ${area.rw.padStart(3, "0")}`;
}

/** "6.403" in Indonesian, "6,403" in English. */
export function formatNumber(count: number, locale: Locale): string {
  return new Intl.NumberFormat(TAGS[locale]).format(count);
}

/** A long number in groups of four, as a person reads it aloud. */
export function formatDigits(number: string): string {
  return number.replace(/(\d{4})(?=\d)/g, "$1 ");
}
