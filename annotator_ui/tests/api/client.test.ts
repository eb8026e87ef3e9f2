import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { api, apiUrl, csrfToken } from "../../src/api/client";
import { ApiError } from "../../src/api/errors";
import { onSession } from "../../src/api/session";

interface Sent {
  url: string;
  init: RequestInit;
}

let sent: Sent[];
let answers: (Response | Error)[];

function json(status: number, body: unknown): Response {
  return new Response(body === undefined ? null : JSON.stringify(body), { status });
}

function header(index: number, name: string): string | undefined {
  return (sent[index]?.init.headers as Record<string, string> | undefined)?.[name];
}

beforeEach(() => {
  sent = [];
  answers = [];
  vi.stubGlobal("document", { cookie: "csrftoken=abc; other=1" });
  vi.stubGlobal("fetch", (url: string, init: RequestInit) => {
    sent.push({ url, init });
    const answer = answers.shift();
    return answer instanceof Response ? Promise.resolve(answer) : Promise.reject(answer);
  });
});

afterEach(() => {
  vi.unstubAllGlobals();
});

describe("addresses", () => {
  test("a path is below the API, and empty parameters are left out", () => {
    const query = { split: "test", has_rois: true, source: "", cursor: null };
    expect(apiUrl("studies/demo/images/", query)).toBe("/api/v1/studies/demo/images/?split=test&has_rois=true");
  });

  test("an address of the server is used without its host, which a proxy may not know", () => {
    expect(apiUrl("http://internal:8000/api/v1/studies/?cursor=x")).toBe("/api/v1/studies/?cursor=x");
  });

  test("the token is the csrftoken cookie and no other that ends like it", () => {
    expect(csrfToken("notcsrftoken=1; csrftoken=a%2Bb")).toBe("a+b");
    expect(csrfToken("notcsrftoken=1")).toBeNull();
  });
});

describe("requests", () => {
  test("a write carries the CSRF token, a read does not", async () => {
    answers = [json(200, {}), json(201, {})];
    await api.get("studies/");
    await api.post("studies/", { title: "x" });
    expect(header(0, "X-CSRFToken")).toBeUndefined();
    expect(header(1, "X-CSRFToken")).toBe("abc");
    expect(sent[1]?.init.body).toBe('{"title":"x"}');
  });

  test("without the cookie a write asks for it first", async () => {
    vi.stubGlobal("document", { cookie: "" });
    answers = [json(204, undefined), json(204, undefined)];
    await api.delete("rois/1/");
    expect(sent.map(({ url }) => url)).toEqual(["/api/v1/auth/csrf/", "/api/v1/rois/1/"]);
  });

  test("a 204 is told from a 200", async () => {
    answers = [new Response(null, { status: 204 })];
    expect(await api.request("POST", "studies/demo/assignments/")).toEqual({ status: 204, data: null });
  });

  test("every page of a list is read", async () => {
    const next = "http://host/api/v1/studies/?cursor=2";
    answers = [json(200, { next, previous: null, results: [1, 2] }), json(200, { next: null, results: [3] })];
    expect(await api.all<number>("studies/")).toEqual([1, 2, 3]);
    expect(sent[1]?.url).toBe("/api/v1/studies/?cursor=2");
  });
});

describe("errors", () => {
  async function failure(answer: Response | Error): Promise<ApiError> {
    answers = [answer];
    return (await api.get("studies/").catch((error: unknown) => error)) as ApiError;
  }

  test("the server's code, sentence and fields arrive", async () => {
    const error = await failure(json(422, { code: "invalid", detail: "No.", fields: { title: ["Too long."] } }));
    expect(error).toMatchObject({ status: 422, code: "invalid", message: "No.", fields: { title: ["Too long."] } });
    expect(error.isTransient).toBe(false);
  });

  test("a proxy's page is an error without invented fields", async () => {
    const error = await failure(new Response("<html>Bad gateway</html>", { status: 502 }));
    expect(error).toMatchObject({ status: 502, code: "http_502", fields: {} });
    expect(error.isTransient).toBe(true);
  });

  test("no answer at all is `network`, and worth another try", async () => {
    const error = await failure(new TypeError("Failed to fetch"));
    expect(error).toMatchObject({ status: 0, code: "network" });
    expect(error.isTransient).toBe(true);
  });

  test("an expired log-in is announced, except to who only asks whether there is one", async () => {
    const announced = vi.fn();
    const stop = onSession("signed_out", announced);
    answers = [json(401, { code: "not_authenticated", detail: "Log in." })];
    await expect(api.get("auth/me/", { quietWhenSignedOut: true })).rejects.toBeInstanceOf(ApiError);
    expect(announced).not.toHaveBeenCalled();
    await failure(json(401, { code: "not_authenticated", detail: "Log in." }));
    expect(announced).toHaveBeenCalledTimes(1);
    stop();
  });

  test("a request that the page gave up is not an error of the network", async () => {
    const stop = new AbortController();
    stop.abort();
    answers = [new DOMException("aborted", "AbortError")];
    await expect(api.get("studies/", { signal: stop.signal })).rejects.toMatchObject({ name: "AbortError" });
  });
});
