import fc from "fast-check";
import { type Box, EMPTY_BOX, isSet, type Mask } from "../../src/geometry/mask";
import { type ImagePoint, imagePoint } from "../../src/geometry/points";

/** Masks of 1 to 24 pixels a side: noise of any density, so with holes, specks, empty and full ones among them. */
export const masks: fc.Arbitrary<Mask> = fc
  .tuple(fc.integer({ min: 1, max: 24 }), fc.integer({ min: 1, max: 24 }), fc.integer({ min: 0, max: 10 }))
  .chain(([width, height, density]) =>
    fc
      .array(fc.integer({ min: 0, max: 9 }), { minLength: width * height, maxLength: width * height })
      .map((noise) => ({ width, height, data: Uint8Array.from(noise, (value) => (value < density ? 1 : 0)) })),
  );

/** Points in and around an image of 24 x 24 pixels, also on the borders and centres of pixels. */
export const points: fc.Arbitrary<ImagePoint> = fc
  .tuple(fc.integer({ min: -16, max: 112 }), fc.integer({ min: -16, max: 112 }))
  .map(([x, y]) => imagePoint(x / 4, y / 4));

/** The mask that a picture of dots and hashes shows, row by row. */
export function picture(rows: readonly string[]): Mask {
  const height = rows.length;
  const width = rows[0]?.length ?? 0;
  const data = new Uint8Array(width * height);
  rows.forEach((row, y) => {
    [...row].forEach((mark, x) => {
      if (mark === "#") data[x * height + y] = 1;
    });
  });
  return { width, height, data };
}

export function drawn(mask: Mask): string[] {
  return Array.from({ length: mask.height }, (_, y) =>
    Array.from({ length: mask.width }, (_, x) => (mask.data[x * mask.height + y] ? "#" : ".")).join(""),
  );
}

/** Number of pixels in the mask, counted one by one. */
export function countPixels(mask: Mask): number {
  return mask.data.filter((bit) => bit === 1).length;
}

/** Smallest box that holds the mask, found by looking at every pixel. */
export function boxOf(mask: Mask): Box {
  const xs: number[] = [];
  const ys: number[] = [];
  for (let x = 0; x < mask.width; x++) {
    for (let y = 0; y < mask.height; y++) {
      if (isSet(mask, x, y)) {
        xs.push(x);
        ys.push(y);
      }
    }
  }
  if (xs.length === 0) return EMPTY_BOX;
  const [x, y] = [Math.min(...xs), Math.min(...ys)];
  return { x, y, width: Math.max(...xs) - x + 1, height: Math.max(...ys) - y + 1 };
}
