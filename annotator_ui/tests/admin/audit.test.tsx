// @vitest-environment jsdom
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { cleanup, fireEvent, render, screen } from "@testing-library/react";
import { MemoryRouter } from "react-router";
import { afterEach, describe, expect, test, vi } from "vitest";
import type { Study } from "../../src/api/types";
import { AuditTab } from "../../src/screens/admin/AuditTab";
import { ModeFields } from "../../src/screens/admin/ModeFields";
import { NEW_STUDY } from "../../src/screens/admin/protocol";

const STUDY = { slug: "park", my_roles: ["ml_engineer"] } as unknown as Study;
const ESTIMATE = { value: 0.31, interval: [0.22, 0.4] };
const NO_LOOK = { votes: [], rois: [], left_off: { votes: 0, rois: 0 } };
const AUDIT = {
  mode: "prefill",
  blind_percent: 20,
  wrong_percent: 3,
  by_mode: {
    blind: { ratings: 80, median_seconds: 14 },
    reveal_after: { ratings: 0, median_seconds: null },
    prefill: { ratings: 320, median_seconds: 9.5 },
  },
  prefilled: 320,
  control: 80,
  scales: {
    blur: {
      index: ESTIMATE,
      bias: { value: -0.05, interval: [-0.2, 0.1] },
      sd_ratio: { value: 0.7, interval: [0.6, 0.8] },
      unchanged: 0.8,
      coincidence: 0.5,
      gate: "fails",
    },
  },
  gate: "fails",
  unchanged_forms: 0.25,
  wrong: { shown: 10, caught: 4, rate: 0.4, interval: [0.12, 0.74] },
  median_seconds: { prefilled: 9.5, control: 14 },
  second_thoughts: { shown: 0, given: 0, changed: 0, scales: {} },
};

function show(audit: object) {
  vi.stubGlobal("fetch", async (url: string) =>
    Response.json(String(url).includes("second-look") ? NO_LOOK : { ...AUDIT, ...audit }),
  );
  render(
    <QueryClientProvider client={new QueryClient()}>
      <MemoryRouter>
        <AuditTab study={STUDY} />
      </MemoryRouter>
    </QueryClientProvider>,
  );
}

afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

describe("the audit page", () => {
  test("says in words what the figures mean, with their intervals", async () => {
    show({});
    expect(await screen.findByText("People lean on the model.")).toBeTruthy();
    expect(screen.getByText("0.31 (0.22 to 0.40)")).toBeTruthy();
    expect(screen.getByText(/4 of 10; 12\s% to 74\s%/)).toBeTruthy();
    expect(screen.getByText("on a form that the model had filled in")).toBeTruthy();
  });

  test("draws nothing while there is nothing to compare", async () => {
    show({ prefilled: 0, control: 3 });
    expect(await screen.findByText(/Nothing to compare yet/)).toBeTruthy();
    expect(screen.queryByText("People lean on the model.")).toBeNull();
  });
});

describe("the choice of a mode", () => {
  const heard = vi.fn();
  const choose = (fixed: boolean, mode: typeof NEW_STUDY.suggestion_mode) =>
    render(<ModeFields form={{ ...NEW_STUDY, suggestion_mode: mode }} error={null} fixed={fixed} onChange={heard} />);

  test("tells what each costs, and asks for shares with pre-filling only", () => {
    const { unmount } = choose(false, "reveal_after");
    expect(screen.getByText(/Costs independence/)).toBeTruthy();
    expect(screen.queryByLabelText("Blind claims, in percent")).toBeNull();
    fireEvent.click(screen.getByLabelText(/^Pre-fill/));
    expect(heard).toHaveBeenCalledWith({ suggestion_mode: "prefill" });
    unmount();
    choose(false, "prefill");
    expect(screen.getByLabelText("Blind claims, in percent").getAttribute("min")).toBe("20");
  });

  test("cannot be changed once rating has begun, and says why", () => {
    choose(true, "prefill");
    expect(screen.getByText(/Rating has begun/)).toBeTruthy();
    expect(screen.getByLabelText("Wrong on purpose, in percent").hasAttribute("disabled")).toBe(true);
  });
});
