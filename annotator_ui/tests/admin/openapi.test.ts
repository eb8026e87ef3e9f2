import { expect, test } from "vitest";
import {
  fieldsBelow,
  groupsOf,
  matching,
  type OpenAPI,
  operationsOf,
  resolve,
  typeOf,
} from "../../src/screens/admin/openapi";

const DOCUMENT: OpenAPI = {
  info: { title: "ROIQA", version: "1" },
  paths: {
    "/api/v1/studies/{slug}/": {
      get: {
        description: "One study.\n\nOnly its members see it.",
        parameters: [{ name: "slug", in: "path", required: true, schema: { type: "string" } }],
        responses: { "200": { content: { "application/json": { schema: { $ref: "#/components/schemas/Study" } } } } },
      },
      delete: { responses: { "204": { description: "Gone" } } },
    },
    "/api/v1/jobs/{id}/cancel/": { post: { responses: {} } },
  },
  components: {
    schemas: {
      Study: {
        type: "object",
        required: ["slug"],
        properties: {
          slug: { type: "string" },
          parts: { type: "array", items: { $ref: "#/components/schemas/Study" } },
        },
      },
      State: { type: "string", enum: ["open", "paused"] },
    },
  },
};
const STUDY = { $ref: "#/components/schemas/Study" };

test("every method of every path is a call, with the first paragraph as its summary", () => {
  const calls = operationsOf(DOCUMENT);
  expect(calls.map(({ id }) => id)).toEqual([
    "get /api/v1/studies/{slug}/",
    "delete /api/v1/studies/{slug}/",
    "post /api/v1/jobs/{id}/cancel/",
  ]);
  expect(calls[0]).toMatchObject({ summary: "One study.", description: "Only its members see it." });
});

test("calls are grouped by their resource", () => {
  expect(groupsOf(operationsOf(DOCUMENT)).map(([area, group]) => [area, group.length])).toEqual([
    ["jobs", 1],
    ["studies", 2],
  ]);
});

test("a search wants all its words, wherever they stand", () => {
  const calls = operationsOf(DOCUMENT);
  expect(matching(calls, "members STUDIES").map(({ method }) => method)).toEqual(["GET"]);
  expect(matching(calls, "studies cancel")).toEqual([]);
  expect(matching(calls, " ")).toHaveLength(3);
});

test("types are named in words", () => {
  expect(typeOf(DOCUMENT, { type: "string", format: "uuid", nullable: true })).toBe("string (uuid) or null");
  expect(typeOf(DOCUMENT, { type: "array", items: STUDY })).toBe("list of Study");
  expect(typeOf(DOCUMENT, { allOf: [{ $ref: "#/components/schemas/State" }] })).toBe("one of open, paused");
  expect(typeOf(DOCUMENT, { oneOf: [STUDY, { type: "null" }] })).toBe("Study or null");
});

test("a schema that holds itself is resolved one level at a time", () => {
  const parts = resolve(DOCUMENT, STUDY).schema.properties?.parts ?? {};
  expect(fieldsBelow(DOCUMENT, parts)).toBe(DOCUMENT.components?.schemas?.Study);
  expect(fieldsBelow(DOCUMENT, { type: "string" })).toBeNull();
});
