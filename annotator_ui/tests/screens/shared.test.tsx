// @vitest-environment jsdom
import { act, cleanup, fireEvent, render, screen } from "@testing-library/react";
import { afterEach, expect, test, vi } from "vitest";
import { ApiError } from "../../src/api/errors";
import { ErrorNote } from "../../src/screens/shared/ErrorNote";
import { Field } from "../../src/screens/shared/Field";
import { Table } from "../../src/screens/shared/Table";
import { ToastProvider, useToast } from "../../src/screens/shared/Toast";

afterEach(() => {
  cleanup();
  vi.useRealTimers();
});

test("a field ties its label, hint and error to its control", () => {
  render(
    <Field label="Title" hint="Shown to everyone" errors={["Too long."]}>
      {(control) => <input {...control} />}
    </Field>,
  );
  const control = screen.getByLabelText("Title");
  const described = (control.getAttribute("aria-describedby") ?? "").split(" ");
  expect(described.map((id) => document.getElementById(id)?.textContent)).toEqual(["Shown to everyone", "Too long."]);
  expect(control.getAttribute("aria-invalid")).toBe("true");
});

test("an error names the fields it is about and offers another try", () => {
  const retry = vi.fn();
  const error = new ApiError({ status: 422, code: "invalid", detail: "Not saved.", fields: { name: ["Taken."] } });
  render(<ErrorNote error={error} onRetry={retry} />);
  expect(screen.getByRole("alert").textContent).toContain("name: Taken.");
  fireEvent.click(screen.getByRole("button", { name: "Try again" }));
  expect(retry).toHaveBeenCalledTimes(1);
});

test("a table without rows shows what stands in its place", () => {
  const columns = [{ header: "Name", cell: (row: { name: string }) => row.name }];
  render(<Table caption="People" columns={columns} rows={[]} rowKey={({ name }) => name} empty={<p>Nobody yet</p>} />);
  expect(screen.queryByRole("table")).toBeNull();
  expect(screen.getByText("Nobody yet")).toBeTruthy();
});

function Deleter({ onUndo }: { onUndo: () => void }) {
  const toast = useToast();
  const message = { text: "Deleted.", action: { label: "Undo", onAction: onUndo } };
  return (
    <button type="button" onClick={() => toast(message)}>
      Delete
    </button>
  );
}

test("a message can be acted on once, and leaves by itself", () => {
  vi.useFakeTimers();
  const undo = vi.fn();
  render(
    <ToastProvider>
      <Deleter onUndo={undo} />
    </ToastProvider>,
  );
  fireEvent.click(screen.getByRole("button", { name: "Delete" }));
  fireEvent.click(screen.getByRole("button", { name: "Undo" }));
  expect(undo).toHaveBeenCalledTimes(1);
  expect(screen.queryByText("Deleted.")).toBeNull();
  fireEvent.click(screen.getByRole("button", { name: "Delete" }));
  expect(screen.getByRole("status").textContent).toContain("Deleted.");
  act(() => vi.advanceTimersByTime(10_000));
  expect(screen.queryByText("Deleted.")).toBeNull();
});
