import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { type LowResFrame, lowResArea, lowResRuns } from "../../src/geometry/lowRes";
import { differenceArea, runsArea, runsToString, stringToRuns } from "../../src/geometry/rle";

interface Golden extends LowResFrame {
  readonly name: string;
  readonly logits: readonly number[];
  readonly counts: string;
  readonly area: number;
}

// Made by torch 2.13: interpolate(bilinear, align_corners=False) to the input, cut, interpolate to the image, above zero.
const GOLDEN = JSON.parse(
  readFileSync(new URL("../sam/lowRes.golden.json", import.meta.url), "utf8"),
) as readonly Golden[];

describe("the mask of small logits equals torch's", () => {
  test.each(GOLDEN)("$name", (golden) => {
    const runs = lowResRuns(Float32Array.from(golden.logits), golden);
    const expected = stringToRuns(golden.counts, golden.imageSize);
    expect(runsArea(expected)).toBe(golden.area);
    // Single precision rounds otherwise than we do: a pixel that is zero but for that may fall to either side.
    expect(differenceArea(runs, expected)).toBeLessThanOrEqual(2);
  });
});

const FRAME: LowResFrame = { side: 4, inputSize: 8, resized: [8, 6], imageSize: [16, 12] };

test("nothing and everything are masks too", () => {
  expect(lowResRuns(new Float32Array(16).fill(-1), FRAME).lengths).toEqual([192]);
  expect(lowResRuns(new Float32Array(16).fill(1), FRAME).lengths).toEqual([0, 192]);
  expect(runsToString(lowResRuns(new Float32Array(16), FRAME))).toBe(
    runsToString({ width: 12, height: 16, lengths: [192] }),
  );
});

test("logits that are not of the frame are refused", () => {
  expect(() => lowResRuns(new Float32Array(9), FRAME)).toThrow("not 4 x 4");
});

test("the size on the small grid counts what is above zero", () => {
  expect(lowResArea(Float32Array.of(-1, 0, 0.5, 2))).toBe(2);
});
