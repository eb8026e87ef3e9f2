import { expect, test } from "vitest";
import { nextPath } from "../../src/screens/home/nextPath";

test("goes back to the page that was wished for", () => {
  expect(nextPath("?next=%2Fstudies%2Fbirds%2Frate%3Fa%3D1")).toBe("/studies/birds/rate?a=1");
});

test.each([
  "",
  "?next=",
  "?next=https%3A%2F%2Fevil.example",
  "?next=%2F%2Fevil.example",
  "?next=%2F%5Cevil.example",
  "?next=javascript%3Aalert(1)",
])("never leaves the app: %s", (search) => {
  expect(nextPath(search)).toBe("/");
});
