// @vitest-environment jsdom
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { cleanup, fireEvent, render, screen, waitFor } from "@testing-library/react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { LogInForm } from "../../src/screens/home/LogInForm";

const done = vi.fn();

function answer(status: number, body: unknown) {
  const reply = vi.fn(async () => new Response(JSON.stringify(body), { status }));
  vi.stubGlobal("fetch", reply);
  return reply;
}

function logIn() {
  const queries = new QueryClient({ defaultOptions: { mutations: { retry: false } } });
  render(
    <QueryClientProvider client={queries}>
      <LogInForm onDone={done} />
    </QueryClientProvider>,
  );
  fireEvent.change(screen.getByLabelText("User name"), { target: { value: "ada" } });
  fireEvent.change(screen.getByLabelText("Password"), { target: { value: "secret" } });
  fireEvent.submit(screen.getByRole("form", { name: "Log in" }));
}

beforeEach(() => {
  // biome-ignore lint/suspicious/noDocumentCookie: jsdom has no other way to set one.
  document.cookie = "csrftoken=token";
  done.mockClear();
});

afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

test("hands on who is signed in", async () => {
  const reply = answer(200, { id: "1", username: "ada" });
  logIn();
  await waitFor(() => expect(done).toHaveBeenCalledWith({ id: "1", username: "ada" }));
  expect(reply).toHaveBeenCalledWith(
    "/api/v1/auth/login/",
    expect.objectContaining({ body: JSON.stringify({ username: "ada", password: "secret" }) }),
  );
});

test("shows why the log-in was refused", async () => {
  answer(401, { code: "wrong_credentials", detail: "No active account has this user name and password: check both." });
  logIn();
  expect((await screen.findByRole("alert")).textContent).toContain("check both");
  expect(done).not.toHaveBeenCalled();
});

test("says what to do after too many attempts", async () => {
  answer(429, { code: "throttled", detail: "Request was throttled." });
  logIn();
  expect((await screen.findByRole("alert")).textContent).toContain("Wait a minute");
});
