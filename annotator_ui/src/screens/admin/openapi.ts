/** The parts of an OpenAPI 3 document that the page shows. */

export interface Schema {
  $ref?: string;
  type?: string | string[];
  format?: string;
  description?: string;
  title?: string;
  enum?: readonly unknown[];
  properties?: Readonly<Record<string, Schema>>;
  required?: readonly string[];
  items?: Schema;
  oneOf?: readonly Schema[];
  anyOf?: readonly Schema[];
  allOf?: readonly Schema[];
  additionalProperties?: Schema | boolean;
  nullable?: boolean;
  readOnly?: boolean;
  minimum?: number;
  maximum?: number;
  minLength?: number;
  maxLength?: number;
  default?: unknown;
}

interface Content {
  [mediaType: string]: { schema?: Schema };
}

interface RawParameter {
  name: string;
  in: string;
  required?: boolean;
  description?: string;
  schema?: Schema;
}

interface RawOperation {
  operationId?: string;
  summary?: string;
  description?: string;
  parameters?: readonly RawParameter[];
  requestBody?: { content?: Content; required?: boolean };
  responses?: Readonly<Record<string, { description?: string; content?: Content }>>;
}

export interface OpenAPI {
  info: { title: string; version: string; description?: string };
  paths: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  components?: { schemas?: Readonly<Record<string, Schema>> };
}

export interface Body {
  mediaType: string;
  schema: Schema;
}

export interface Operation {
  id: string;
  method: string;
  path: string;
  /** The first sentence. */
  summary: string;
  /** What follows it. */
  description: string;
  parameters: readonly RawParameter[];
  requests: readonly Body[];
  responses: readonly { status: string; description: string; bodies: readonly Body[] }[];
}

const METHODS = ["get", "post", "put", "patch", "delete"] as const;

export function operationsOf(document: OpenAPI): Operation[] {
  return Object.entries(document.paths).flatMap(([path, item]) =>
    METHODS.flatMap((method) => {
      const raw = item[method] as RawOperation | undefined;
      return raw === undefined ? [] : [operation(method, path, raw)];
    }),
  );
}

function operation(method: string, path: string, raw: RawOperation): Operation {
  const text = raw.description ?? "";
  const [first = "", ...rest] = text.split(/\n\s*\n/);
  return {
    id: `${method} ${path}`,
    method: method.toUpperCase(),
    path,
    summary: raw.summary ?? first.replaceAll(/\s+/g, " "),
    description: (raw.summary === undefined ? rest.join("\n\n") : text).trim(),
    parameters: raw.parameters ?? [],
    requests: bodiesOf(raw.requestBody?.content),
    responses: Object.entries(raw.responses ?? {}).map(([status, response]) => ({
      status,
      description: response.description ?? "",
      bodies: bodiesOf(response.content),
    })),
  };
}

function bodiesOf(content: Content | undefined): Body[] {
  return Object.entries(content ?? {}).flatMap(([mediaType, { schema }]) =>
    schema === undefined ? [] : [{ mediaType, schema }],
  );
}

/** The resource an operation belongs to: the first part of its path after the version ("studies", "jobs", ...). */
export function areaOf(path: string): string {
  const parts = path.split("/").filter((part) => part !== "" && part !== "api" && part !== "v1");
  return parts[0] ?? "other";
}

export function groupsOf(operations: readonly Operation[]): [area: string, operations: Operation[]][] {
  const groups = new Map<string, Operation[]>();
  for (const one of operations) groups.set(areaOf(one.path), [...(groups.get(areaOf(one.path)) ?? []), one]);
  return [...groups].sort(([one], [other]) => one.localeCompare(other));
}

/** Operations in which every word of the query occurs: in method, path, text or the name of a parameter. */
export function matching(operations: readonly Operation[], query: string): Operation[] {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  return operations.filter((one) => {
    const text = [one.id, one.summary, one.description, ...one.parameters.map(({ name }) => name)]
      .join(" ")
      .toLowerCase();
    return words.every((word) => text.includes(word));
  });
}

/** The schema behind a reference, with its name; one that is written out has none. */
export function resolve(document: OpenAPI, schema: Schema): { name: string | null; schema: Schema } {
  const inner = schema.$ref === undefined && schema.allOf?.length === 1 ? (schema.allOf[0] ?? schema) : schema;
  if (inner.$ref === undefined) return { name: null, schema: inner };
  const name = inner.$ref.split("/").at(-1) ?? "";
  return { name, schema: document.components?.schemas?.[name] ?? {} };
}

/** A type in a few words: "string (uuid)", "list of ROI", "Study or null", "one of open, paused". */
export function typeOf(document: OpenAPI, schema: Schema): string {
  const { name, schema: found } = resolve(document, schema);
  const nullable = schema.nullable === true || found.nullable === true ? " or null" : "";
  if (found.enum !== undefined) return `one of ${found.enum.map(String).join(", ")}${nullable}`;
  if (name !== null) return name + nullable;
  const choices = found.oneOf ?? found.anyOf;
  if (choices !== undefined) return choices.map((choice) => typeOf(document, choice)).join(" or ");
  if (found.type === "array") return `list of ${found.items ? typeOf(document, found.items) : "anything"}${nullable}`;
  const type = Array.isArray(found.type) ? found.type.join(" or ") : (found.type ?? "anything");
  return type + (found.format ? ` (${found.format})` : "") + nullable;
}

/** Limits of a value that its type does not say. */
export function limitsOf(schema: Schema): string {
  const parts: string[] = [];
  if (schema.minimum !== undefined || schema.maximum !== undefined) {
    parts.push(`${schema.minimum ?? "…"} to ${schema.maximum ?? "…"}`);
  }
  if (schema.maxLength !== undefined) parts.push(`at most ${schema.maxLength} characters`);
  if (schema.default !== undefined) parts.push(`default ${JSON.stringify(schema.default)}`);
  return parts.join(", ");
}

/** The object schema whose fields are worth showing below this one: itself, or what its list holds. */
export function fieldsBelow(document: OpenAPI, schema: Schema): Schema | null {
  const { schema: found } = resolve(document, schema);
  if (found.properties !== undefined) return found;
  if (found.items !== undefined) return fieldsBelow(document, found.items);
  if (typeof found.additionalProperties === "object") return fieldsBelow(document, found.additionalProperties);
  return null;
}
