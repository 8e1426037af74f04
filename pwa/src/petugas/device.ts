// What a phone is called in the kelurahan's list of phones: its system and browser, nothing that tells one from another.
const SYSTEMS = ["Android", "iPhone", "iPad", "Windows", "Macintosh", "Linux"];
const BROWSERS: [string, string][] = [
  ["Firefox/", "Firefox"],
  ["SamsungBrowser/", "Samsung Internet"],
  ["EdgA/", "Edge"],
  ["Edg/", "Edge"],
  ["OPR/", "Opera"],
  ["Chrome/", "Chrome"],
  ["Safari/", "Safari"],
];

export function deviceName(userAgent: string): string {
  const system = SYSTEMS.find((name) => userAgent.includes(name)) ?? "HP";
  const browser = BROWSERS.find(([mark]) => userAgent.includes(mark))?.[1];
  return [system, browser].filter(Boolean).join(", ");
}
