import { ApiError } from "../../api/errors";
import { Button } from "./Button";

/** The sentence to show for anything that was thrown. */
export function errorText(error: unknown): string {
  if (error instanceof ApiError) return error.message;
  return error instanceof Error ? error.message : "Something went wrong in this page. Reload it and try again.";
}

/** The errors of one field, as the server named them. */
export function fieldErrors(error: unknown, field: string): readonly string[] {
  return error instanceof ApiError ? (error.fields[field] ?? []) : [];
}

/** An error with its reason, the fields it concerns and, where a repeat can help, a button for it. */
export function ErrorNote({ error, onRetry }: { error: unknown; onRetry?: () => void }) {
  const fields = error instanceof ApiError ? Object.entries(error.fields) : [];
  return (
    <div className="note note-error" role="alert">
      <p>{errorText(error)}</p>
      {onRetry ? (
        <Button small onClick={onRetry}>
          Try again
        </Button>
      ) : null}
      {fields.length > 0 ? (
        <ul>
          {fields.map(([field, reasons]) => (
            <li key={field}>
              {field}: {reasons.join(" ")}
            </li>
          ))}
        </ul>
      ) : null}
    </div>
  );
}
