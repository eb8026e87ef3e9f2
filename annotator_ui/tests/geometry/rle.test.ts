import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  decodeMask,
  encodeMask,
  InvalidRLE,
  runsArea,
  runsBox,
  runsToString,
  stringToRuns,
  subtract,
  union,
} from "../../src/geometry/rle";
import { boxOf, countPixels, masks, picture } from "./arbitraries";

const pairs = fc.tuple(masks, fc.infiniteStream(fc.boolean())).map(([mask, bits]) => {
  const data = Uint8Array.from(mask.data, () => (bits.next().value ? 1 : 0));
  return [mask, { ...mask, data }] as const;
});

describe("run lengths", () => {
  test("a mask survives encoding and decoding", () => {
    fc.assert(
      fc.property(masks, (mask) => {
        expect(decodeMask(encodeMask(mask))).toEqual(mask);
      }),
    );
  });

  test("the compressed string survives reading and writing", () => {
    fc.assert(
      fc.property(masks, (mask) => {
        const runs = encodeMask(mask);
        expect(stringToRuns(runsToString(runs), [mask.height, mask.width])).toEqual(runs);
      }),
    );
  });

  test("area and box of the runs are those of the pixels", () => {
    fc.assert(
      fc.property(masks, (mask) => {
        const runs = encodeMask(mask);
        expect(runsArea(runs)).toBe(countPixels(mask));
        expect(runsBox(runs)).toEqual(boxOf(mask));
      }),
    );
  });

  test("set operations on runs are those on pixels, and canonical", () => {
    fc.assert(
      fc.property(pairs, ([a, b]) => {
        const by = (rule: (x: number, y: number) => number) =>
          encodeMask({ ...a, data: a.data.map((bit, index) => rule(bit, b.data[index] ?? 0)) });
        expect(union(encodeMask(a), encodeMask(b))).toEqual(by((x, y) => x | y));
        expect(subtract(encodeMask(a), encodeMask(b))).toEqual(by((x, y) => x & (1 - y)));
      }),
    );
  });

  test("a mask that starts with a set pixel starts with an empty run", () => {
    expect(encodeMask(picture(["#.", "##"])).lengths).toEqual([0, 2, 1, 1]);
  });

  test("counts above 2^24 and falling differences keep their exact value", () => {
    const runs = { width: 6000, height: 5000, lengths: [20_000_000, 7, 3, 9_999_980, 10] };
    expect(stringToRuns(runsToString(runs), [5000, 6000])).toEqual(runs);
  });
});

describe("damaged strings are refused", () => {
  test.each([
    ["too few pixels", "11", [2, 2]],
    ["too many pixels", "9", [2, 2]],
    ["cut off in a number", "o", [2, 2]],
    ["a foreign character", "1 3", [2, 2]],
    ["endless digits", "oooooooooooo1", [2, 2]],
  ] as const)("%s", (_, counts, size) => {
    expect(() => stringToRuns(counts, size)).toThrow(InvalidRLE);
  });

  test("any other text is refused or read as a mask of exactly that size", () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        try {
          const runs = stringToRuns(text, [5, 7]);
          expect(runs.lengths.reduce((sum, length) => sum + length, 0)).toBe(35);
        } catch (error) {
          expect(error).toBeInstanceOf(InvalidRLE);
        }
      }),
    );
  });
});
