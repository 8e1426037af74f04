// One call of the server: JSON or bytes up, JSON or what the caller reads down, a time limit, and every failure an ApiError with a stable code.
// Never retries: who calls knows whether a second try does harm.
import type { Code, Problem } from "./protocol";

/** The server's stable codes, and what can go wrong on the way. */
export type ApiProblem = Code | "offline" | "timeout" | "unreadable";

export class ApiError extends Error {
  constructor(
    readonly code: ApiProblem,
    readonly status = 0,
    /** Seconds that the server asked to wait, 0 where it did not. */
    readonly retryAfter = 0,
  ) {
    super(code);
    this.name = "ApiError";
  }
}

export interface Call {
  method?: "GET" | "HEAD" | "POST" | "PUT" | "DELETE";
  body?: unknown;
  /** A body that is JSON already, sent as it stands. */
  text?: string;
  /** Compress a long body, where the browser can. */
  gzip?: boolean;
  /** A body that is no JSON. */
  bytes?: ArrayBuffer;
  headers?: Record<string, string>;
  bearer?: string;
  timeoutMs?: number;
}

/** Below this many characters a compressed body saves nothing. */
const WORTH_GZIP = 1024;

/** The decoded answer; `undefined` where the server answers without a body. */
export function call<T>(path: string, options: Call = {}): Promise<T> {
  return answer(path, options, async (response) => {
    return (response.status === 204 ? undefined : await response.json()) as T;
  });
}

/** What `read` makes of an answer that is no problem; the time limit is for all of it. */
export async function answer<T>(
  path: string,
  options: Call,
  read: (response: Response) => Promise<T>,
): Promise<T> {
  const init = await request(options);
  const aborter = new AbortController();
  const timer = setTimeout(() => aborter.abort(), options.timeoutMs ?? 20_000);
  try {
    const response = await fetch(path, { ...init, signal: aborter.signal });
    if (!response.ok) throw await problemOf(response);
    return await read(response);
  } catch (error) {
    throw asApiError(error, aborter.signal.aborted);
  } finally {
    clearTimeout(timer);
  }
}

async function request(options: Call): Promise<RequestInit> {
  const { method = "GET", body, text = JSON.stringify(body), bytes, bearer, gzip = false } = options;
  const headers: Record<string, string> = { Accept: "application/json", ...options.headers };
  if (bearer) headers["Authorization"] = `Bearer ${bearer}`;
  const sent = bytes ?? text;
  if (sent === undefined) return { method, headers };
  headers["Content-Type"] = bytes ? "application/octet-stream" : "application/json";
  if (!gzip || text.length < WORTH_GZIP || !("CompressionStream" in globalThis)) {
    return { method, headers, body: sent };
  }
  headers["Content-Encoding"] = "gzip";
  return { method, headers, body: await gzipped(text) };
}

function gzipped(text: string): Promise<ArrayBuffer> {
  const packed = new Blob([text]).stream().pipeThrough(new CompressionStream("gzip"));
  return new Response(packed).arrayBuffer();
}

async function problemOf(response: Response): Promise<ApiError> {
  const problem = (await response.json().catch(() => ({}))) as Partial<Problem>;
  const retryAfter = Number(response.headers.get("Retry-After")) || 0;
  const code = (problem.code as Code | undefined) ?? (response.status === 503 ? "busy" : "unreadable");
  return new ApiError(code, response.status, retryAfter);
}

function asApiError(error: unknown, aborted: boolean): ApiError {
  if (error instanceof ApiError) return error;
  if (aborted) return new ApiError("timeout");
  return new ApiError(error instanceof SyntaxError ? "unreadable" : "offline");
}
