// @vitest-environment jsdom
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { cleanup, render, screen } from "@testing-library/react";
import { afterEach, expect, test, vi } from "vitest";
import type { Study } from "../../src/api/types";
import { ImportJobs } from "../../src/screens/admin/ImportJobs";
import { studyKey } from "../../src/screens/admin/useStudy";

afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

function importJob(id: string) {
  const created_at = new Date().toISOString();
  return { id, kind: "import", state: "succeeded", done: 1, total: 1, message: "", report: null, created_at };
}

test("an import that was over before it was first listed refreshes the study, and an old one does not", async () => {
  const results = [importJob("old")];
  vi.stubGlobal("fetch", async () => Response.json({ next: null, previous: null, results: [...results] }));
  const queries = new QueryClient();
  const onFinished = vi.fn();
  render(
    <QueryClientProvider client={queries}>
      <ImportJobs study={{ slug: "meadow" } as Study} onFinished={onFinished} />
    </QueryClientProvider>,
  );
  await screen.findByText("succeeded");
  expect(onFinished).not.toHaveBeenCalled();
  results.unshift(importJob("new"));
  await queries.invalidateQueries({ queryKey: studyKey("meadow", "jobs", "import") });
  await vi.waitFor(() => expect(onFinished).toHaveBeenCalledTimes(1));
});
