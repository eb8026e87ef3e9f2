import { ApiError } from "../../api/errors";
import { ErrorNote } from "../shared/ErrorNote";

/** Why a form was refused. Fields that say so beside their own inputs (`shown`) are not told twice. */
export function FormError({ error, shown }: { error: unknown; shown: readonly string[] }) {
  if (error === null || error === undefined) return null;
  if (!(error instanceof ApiError)) return <ErrorNote error={error} />;
  const rest = Object.fromEntries(Object.entries(error.fields).filter(([field]) => !shown.includes(field)));
  return (
    <ErrorNote error={new ApiError({ status: error.status, code: error.code, detail: error.message, fields: rest })} />
  );
}
