import { DISTORTIONS } from "../../api/types";
import { FIELDS, type Field, isLevel, levelWords, NONEXISTENT, type Values } from "./scales";

/** The form of one ROI. `cursor` is the row that digits answer; `bulkClean` says that one key set all six to 5. */
export interface FormState {
  readonly values: Values;
  readonly cursor: number;
  readonly bulkClean: boolean;
  /** Levels that a model filled in: not answers until the person gives or confirms them. */
  readonly suggested?: Values;
}

export type FormAction =
  /** A level of a row, from a click or a touch. */
  | { type: "choose"; field: Field; value: number }
  /** A digit for the current row. */
  | { type: "digit"; value: number }
  | { type: "row"; by: number }
  | { type: "goto"; field: Field }
  /** The level beside the present one; the first or the last one when there is none yet. */
  | { type: "step"; by: 1 | -1 }
  /** No visible distortion: six explicit answers. */
  | { type: "clean" }
  /** The model's levels are right wherever the person has not answered. */
  | { type: "confirm" };

export const EMPTY_FORM: FormState = { values: {}, cursor: 0, bulkClean: false };

export function currentField(form: FormState): Field {
  return FIELDS[form.cursor] ?? "importance";
}

/** Fields without an answer, in the order of the form. */
export function missingFields(form: FormState): Field[] {
  return FIELDS.filter((field) => form.values[field] === undefined);
}

/** A form as it is opened again: the cursor stands on the first row that has no answer. */
export function openForm(values: Values, bulkClean = false, suggested: Values | null = null): FormState {
  const first = FIELDS.findIndex((field) => values[field] === undefined);
  const form = { values, bulkClean, cursor: Math.max(0, first) };
  return suggested === null ? form : { ...form, suggested };
}

function withAnswer(form: FormState, field: Field, value: number, moveOn: boolean): FormState {
  if (!isLevel(field, value)) return form;
  const row = FIELDS.indexOf(field);
  return {
    ...form,
    values: { ...form.values, [field]: value },
    cursor: moveOn ? Math.min(row + 1, FIELDS.length - 1) : row,
  };
}

export function formReducer(form: FormState, action: FormAction): FormState {
  switch (action.type) {
    case "choose":
      return withAnswer(form, action.field, action.value, true);
    case "digit":
      return withAnswer(form, currentField(form), action.value, true);
    case "row":
      return { ...form, cursor: Math.min(FIELDS.length - 1, Math.max(0, form.cursor + action.by)) };
    case "goto":
      return { ...form, cursor: FIELDS.indexOf(action.field) };
    case "step": {
      const field = currentField(form);
      const last = levelWords(field).length - 1;
      const present = form.values[field] ?? form.suggested?.[field];
      const next = present === undefined ? (action.by > 0 ? 0 : last) : present + action.by;
      return withAnswer(form, field, Math.min(last, Math.max(0, next)), false);
    }
    case "confirm":
      return form.suggested === undefined || missingFields(form).length === 0
        ? form
        : { ...form, values: { ...form.suggested, ...form.values }, cursor: FIELDS.length - 1 };
    case "clean":
      return {
        ...form,
        values: { ...form.values, ...Object.fromEntries(DISTORTIONS.map((name) => [name, NONEXISTENT])) },
        cursor: FIELDS.indexOf("quality"),
        bulkClean: true,
      };
  }
}

/** The fields whose answer differs between two states. */
export function changedFields(before: FormState, after: FormState): Field[] {
  return FIELDS.filter((field) => before.values[field] !== after.values[field]);
}
