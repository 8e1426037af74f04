// A server of photos for the tests: it speaks the protocol of the uploads (SPEC F2), each photo one upload.
import type { Code } from "./protocol";

export class PhotoServer {
  readonly uploads = new Map<string, Uint8Array>();
  readonly kept = new Map<string, Uint8Array>();
  /** each request, as its method and where its chunk begins */
  readonly log: string[] = [];
  /** what to answer instead, each used once; null passes */
  readonly instead: ((method: string) => Response | null)[] = [];
  /** refusals of whole photos by their name */
  readonly verdicts = new Map<string, Code>();
  down = false;
  /** loses the answers to this many chunks after it took them */
  losing = 0;

  readonly fetch = async (path: string, init: RequestInit): Promise<Response> => {
    if (this.down) throw new TypeError("Failed to fetch");
    const name = path.slice("/api/photos/".length);
    const headers = new Headers(init.headers);
    this.log.push([init.method, headers.get("Upload-Offset")].filter(Boolean).join(" "));
    const other = this.instead.shift()?.(init.method!);
    if (other) return other;
    if (init.method === "GET") return this.#show(name);
    if (init.method === "PUT") {
      const refused = this.#take(name, headers, new Uint8Array(init.body as ArrayBuffer));
      if (refused) return refused;
      if (this.losing > 0) {
        this.losing--;
        throw new TypeError("network changed");
      }
    }
    return this.#progress(name, init.method === "PUT" ? 204 : 200);
  };

  #take(name: string, headers: Headers, chunk: Uint8Array): Response | null {
    if (this.kept.has(name)) return null;
    const [start, length] = ["Upload-Offset", "Upload-Length"].map((header) => Number(headers.get(header)));
    const before = this.uploads.get(name) ?? new Uint8Array();
    if (start! > before.length) return problem(409, "photo_offset_differs");
    const bytes = new Uint8Array([...before.slice(0, start), ...chunk]);
    this.uploads.set(name, bytes);
    if (bytes.length < length!) return null;
    this.uploads.delete(name);
    const code = this.verdicts.get(name);
    if (code) return problem(422, code);
    this.kept.set(name, bytes);
    return null;
  }

  #progress(name: string, status: number): Response {
    const offset = (this.kept.get(name) ?? this.uploads.get(name))?.length ?? 0;
    const headers = { "Upload-Offset": `${offset}`, "Upload-Complete": this.kept.has(name) ? "?1" : "?0" };
    return new Response(null, { status, headers });
  }

  #show(name: string): Response {
    const bytes = this.kept.get(name);
    if (!bytes) return problem(404, "not_found");
    return new Response(new Uint8Array(bytes).buffer, { headers: { "Content-Type": "image/webp" } });
  }
}

export function problem(status: number, code: Code, headers: Record<string, string> = {}): Response {
  return Response.json({ code, status }, { status, headers });
}
