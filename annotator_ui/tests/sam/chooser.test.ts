import { expect, test } from "vitest";
import { ApiError } from "../../src/api/errors";
import { HomeChooser } from "../../src/sam/chooser";
import { FakeHome, IMAGE, MODEL } from "./fakes";

const REQUEST = {
  image: IMAGE,
  steps: [{ event: { type: "point", x: 1, y: 1, positive: true }, candidate: null }],
  previous: null,
  wanted: { offset: 0 },
} as const;

/** Two homes and a clock that says how long each of them takes. */
function world({ browserMs = 40, serverMs = 20, opens = true, kept = {} as Record<string, string> } = {}) {
  const [browser, server] = [new FakeHome("browser-wasm"), new FakeHome("server")];
  let now = 1_000_000;
  let clock = 0;
  for (const [home, ms] of [
    [browser, browserMs],
    [server, serverMs],
  ] as const) {
    const decode = home.decode.bind(home);
    home.decode = (request) => {
      clock += ms;
      return decode(request);
    };
  }
  const waits: number[] = [];
  const storage = {
    getItem: (key: string) => kept[key] ?? null,
    setItem: (key: string, value: string) => {
      kept[key] = value;
    },
  };
  const make = () =>
    new HomeChooser(MODEL, {
      server,
      openBrowser: () => (opens ? Promise.resolve(browser) : Promise.reject(new Error("no WebAssembly SIMD"))),
      storage,
      now: () => now,
      clock: () => clock,
      wait: (ms) => {
        waits.push(ms);
        now += ms;
        return Promise.resolve();
      },
    });
  return { browser, server, make, waits, kept, pass: (ms: number) => (now += ms) };
}

const busy = (seconds: number | null = 2) =>
  new ApiError({ status: 429, code: "too_many_requests", detail: "Busy.", retryAfter: seconds });

test("both homes are measured once, the faster one is used, and the next page knows it", async () => {
  const { browser, server, make, kept } = world({ browserMs: 10, serverMs: 30 });
  const chooser = make();
  expect((await chooser.decode(REQUEST, false)).home).toBe("server");
  await chooser.prepare(IMAGE);
  expect((await chooser.decode(REQUEST, false)).home).toBe("browser-wasm");
  expect(chooser.status()).toMatchObject({ using: "browser-wasm", browserMs: 10, serverMs: 30, reason: "" });
  const measured = browser.asked.length + server.asked.length;
  const next = world({ kept }).make();
  expect(next.status()).toMatchObject({ browserMs: 10, serverMs: 30 });
  await next.prepare(IMAGE);
  expect(browser.asked.length + server.asked.length).toBe(measured);
});

test("where the server is faster the browser's decoder is not even loaded the next time", async () => {
  const { make, browser } = world({ browserMs: 300, serverMs: 20 });
  await make().prepare(IMAGE);
  const asked = browser.asked.length;
  const next = make();
  await next.prepare(IMAGE);
  expect((await next.decode(REQUEST, false)).home).toBe("server");
  expect(browser.asked.length).toBe(asked);
});

test("a browser that cannot run the decoder leaves it to the server and says why", async () => {
  const { make } = world({ opens: false });
  const chooser = make();
  await chooser.prepare(IMAGE);
  expect((await chooser.decode(REQUEST, false)).home).toBe("server");
  expect(chooser.status()).toMatchObject({ using: "server", reason: "no WebAssembly SIMD" });
});

test("a decoder that crashes in the browser goes on on the server", async () => {
  const { make, browser } = world({ browserMs: 1 });
  const chooser = make();
  await chooser.prepare(IMAGE);
  browser.failures = [new Error("out of memory")];
  expect((await chooser.decode(REQUEST, false)).home).toBe("server");
  expect(chooser.status().reason).toBe("out of memory");
});

test.each([429, 500, 0])("status %i of the server hands over to the browser", async (status) => {
  const { make, server } = world({ serverMs: 1 });
  const chooser = make();
  await chooser.prepare(IMAGE);
  server.failures = [new ApiError({ status, code: "x", detail: "x" })];
  expect((await chooser.decode(REQUEST, false)).home).toBe("browser-wasm");
  expect(chooser.status().reason).toContain("busy");
});

test("after the time that the server asked for it is used again", async () => {
  const { make, server, pass } = world({ serverMs: 1 });
  const chooser = make();
  await chooser.prepare(IMAGE);
  server.failures = [busy(2)];
  await chooser.decode(REQUEST, false);
  const asked = server.asked.length;
  expect((await chooser.decode(REQUEST, false)).home).toBe("browser-wasm");
  expect(server.asked.length).toBe(asked);
  pass(2000);
  expect((await chooser.decode(REQUEST, false)).home).toBe("server");
});

test("without another home a click waits as long as the server asks, and a hover gives up", async () => {
  const { make, server, waits } = world({ opens: false });
  const chooser = make();
  await chooser.prepare(IMAGE);
  server.failures = [busy(3)];
  expect((await chooser.decode(REQUEST, true)).home).toBe("server");
  expect(waits).toEqual([3000]);
  server.failures = [busy(3)];
  await expect(chooser.decode(REQUEST, false)).rejects.toMatchObject({ status: 429 });
});

test("a refusal is not a failure of the place", async () => {
  const { make, server, browser } = world({ serverMs: 1 });
  const chooser = make();
  await chooser.prepare(IMAGE);
  const asked = browser.asked.length;
  server.failures = [new ApiError({ status: 409, code: "embedding_not_ready", detail: "Not yet." })];
  await expect(chooser.decode(REQUEST, true)).rejects.toMatchObject({ code: "embedding_not_ready" });
  expect(browser.asked.length).toBe(asked);
});
