// @vitest-environment jsdom
import { act, cleanup, fireEvent, render, screen } from "@testing-library/react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { onSession } from "../../src/api/session";
import { SendStatus } from "../../src/screens/rating/SendStatus";
import { Outbox } from "../../src/state/rating/outbox";
import { MemoryStore } from "../../src/state/rating/storage";
import { FakeServer, problem } from "./fakes";

let server: FakeServer;
let outbox: Outbox;

beforeEach(() => {
  vi.useFakeTimers();
  server = new FakeServer();
  outbox = new Outbox({ store: new MemoryStore(), server, user: "me", exclusive: (_name, work) => work() });
});

afterEach(() => {
  cleanup();
  outbox.stop();
  vi.useRealTimers();
});

async function skip(assignment: string) {
  await act(async () => {
    await outbox.put({
      study: "birds",
      assignment,
      revises: false,
      answer: { kind: "skip", reason: "too_small", note: "" },
    });
    await outbox.flush();
  });
}

test("says nothing while all answers arrive", async () => {
  render(<SendStatus outbox={outbox} />);
  await skip("a");
  expect(screen.getByRole("status").textContent).toBe("");
});

test("says how many answers wait without a network, and sends them on request", async () => {
  server.goAway();
  render(<SendStatus outbox={outbox} />);
  await skip("a");
  await skip("b");
  expect(screen.getByRole("status").textContent).toContain("2 answers wait");
  server.comeBack();
  await act(async () => {
    fireEvent.click(screen.getByRole("button", { name: "Try now" }));
    await vi.advanceTimersByTimeAsync(10);
  });
  expect(server.skipped).toEqual(["a", "b"]);
  expect(screen.getByRole("status").textContent).toBe("");
});

test("asks for the password when the log-in has run out", async () => {
  const asked = vi.fn();
  const stop = onSession("signed_out", asked);
  server.before = () => {
    throw problem(401, "not_authenticated");
  };
  render(<SendStatus outbox={outbox} />);
  await skip("a");
  fireEvent.click(screen.getByRole("button", { name: "Log in" }));
  expect(asked).toHaveBeenCalledOnce();
  stop();
});

test("shows what the server refused until the person decides", async () => {
  server.before = (call) => {
    if (call === "skip") throw problem(422, "invalid");
  };
  render(<SendStatus outbox={outbox} />);
  await skip("a");
  expect(screen.getByRole("alert").textContent).toContain("refused: invalid");
  await act(async () => {
    fireEvent.click(screen.getByRole("button", { name: "Discard it" }));
    await vi.advanceTimersByTimeAsync(10);
  });
  expect(screen.queryByRole("alert")).toBeNull();
});
