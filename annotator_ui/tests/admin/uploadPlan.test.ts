import fc from "fast-check";
import { expect, test } from "vitest";
import { BATCH_BYTES, BATCH_FILES, batchesOf, isClutter } from "../../src/screens/admin/uploadPlan";

const file = fc.record({
  name: fc.constantFrom("a.png", "b.JPG", "c.json", "d.zip"),
  size: fc.integer({ min: 0, max: BATCH_BYTES }),
});

test("every file is sent once, in batches within the limits", () => {
  fc.assert(
    fc.property(fc.array(file, { maxLength: 700 }), (files) => {
      const batches = batchesOf(files);
      expect(new Set(batches.flat())).toEqual(new Set(files));
      expect(batches.flat()).toHaveLength(files.length);
      for (const batch of batches) {
        expect(batch.length).toBeLessThanOrEqual(BATCH_FILES);
        expect(batch.length === 1 || batch.reduce((sum, { size }) => sum + size, 0) <= BATCH_BYTES).toBe(true);
      }
    }),
    { numRuns: 50 },
  );
});

test("annotations come after every image", () => {
  const sent = batchesOf([
    { name: "annotations.JSON", size: 1 },
    ...Array.from({ length: BATCH_FILES }, (_, index) => ({ name: `${index}.png`, size: 1 })),
  ]);
  expect(sent.map((batch) => batch.length)).toEqual([BATCH_FILES, 1]);
  expect(sent[1]?.[0]?.name).toBe("annotations.JSON");
});

test("files that systems leave behind are no images", () => {
  expect([".DS_Store", "Thumbs.db", "photo.png"].map(isClutter)).toEqual([true, true, false]);
});
