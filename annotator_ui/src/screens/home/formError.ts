import { ApiError } from "../../api/errors";

/** The error to show below a form; null when every sentence of it stands beside its field already. */
export function formError(error: unknown, shownFields: readonly string[]): unknown {
  if (!(error instanceof ApiError)) return error;
  const fields = Object.keys(error.fields);
  return fields.length > 0 && fields.every((field) => shownFields.includes(field)) ? null : error;
}
