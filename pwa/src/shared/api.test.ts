import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { gunzipSync } from "node:zlib";
import { afterEach, expect, test } from "vitest";
import { ApiError, call } from "./api";

let server: Server | undefined;
afterEach(() => server?.close());

async function serve(listener: RequestListener): Promise<string> {
  server = createServer(listener);
  await new Promise<void>((ready) => server!.listen(0, "127.0.0.1", ready));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/x`;
}

const failure = (path: string, timeoutMs?: number): Promise<ApiError> =>
  call(path, timeoutMs ? { timeoutMs } : {}).then(
    () => Promise.reject(new Error("answered")),
    (error: ApiError) => error,
  );

test("a body goes up as JSON with the bearer, and the answer comes down decoded", async () => {
  const url = await serve((request, response) => {
    let body = "";
    request.on("data", (part) => (body += part));
    const { authorization, "content-type": type } = request.headers;
    request.on("end", () => response.end(JSON.stringify({ authorization, type, body: JSON.parse(body) })));
  });
  const seen = await call(url, { method: "POST", body: { a: 1 }, bearer: "secret" });
  expect(seen).toEqual({ authorization: "Bearer secret", type: "application/json", body: { a: 1 } });
});

test("an answer without a body is undefined", async () => {
  const url = await serve((_, response) => response.writeHead(204).end());
  expect(await call(url)).toBeUndefined();
});

test("a problem keeps its stable code and how long to wait", async () => {
  const url = await serve((_, response) => {
    response.writeHead(503, { "Content-Type": "application/problem+json", "Retry-After": "7" });
    response.end(JSON.stringify({ type: "about:blank", title: "Busy", status: 503, code: "busy" }));
  });
  expect(await failure(url)).toMatchObject({ code: "busy", status: 503, retryAfter: 7 });
});

test.each([200, 502])("an answer of status %i that is no JSON is unreadable", async (status) => {
  const url = await serve((_, response) => response.writeHead(status).end("<html>"));
  expect(await failure(url)).toMatchObject({ code: "unreadable" });
});

test("a server that is silent is a timeout, one that is not there is offline", async () => {
  const url = await serve(() => undefined);
  expect(await failure(url, 30)).toMatchObject({ code: "timeout" });
  server!.closeAllConnections();
  server!.close();
  expect(await failure(url)).toMatchObject({ code: "offline" });
});

test("M1 a long body goes up compressed, a short one as it is", async () => {
  const url = await serve((request, response) => {
    const parts: Buffer[] = [];
    request.on("data", (part: Buffer) => parts.push(part));
    request.on("end", () => {
      const body = Buffer.concat(parts);
      const encoding = request.headers["content-encoding"] ?? "";
      const text = encoding === "gzip" ? gunzipSync(body).toString() : body.toString();
      response.end(JSON.stringify({ encoding, size: body.length, text }));
    });
  });
  const long = JSON.stringify("laporan ".repeat(1000));
  const seen = await call<{ encoding: string; size: number; text: string }>(url, {
    method: "POST",
    text: long,
    gzip: true,
  });
  expect([seen.encoding, seen.text === long, seen.size < 200]).toEqual(["gzip", true, true]);
  expect(await call(url, { method: "POST", text: "{}", gzip: true })).toMatchObject({
    encoding: "",
    text: "{}",
  });
});
