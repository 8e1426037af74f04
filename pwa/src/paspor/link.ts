// The applicant's link: `/paspor/#t=<22 characters base64url>`. Its secret leaves the address bar at once.

const TOKEN = /#t=([A-Za-z0-9_-]{22})$/;

/** The token in a link or a fragment; null where there is none, or not a whole one. */
export function tokenOf(link: string): string | null {
  return TOKEN.exec(link.trim())?.[1] ?? null;
}

/** What the address bar asks to open, and the address bar cleaned of it: null where it asks for nothing. */
export function takeFromAddress(): { token: string | null } | null {
  const { hash, pathname } = location;
  if (!hash.startsWith("#t=")) return null;
  history.replaceState(null, "", pathname);
  return { token: tokenOf(hash) };
}
