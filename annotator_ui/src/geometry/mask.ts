/**
 * A binary mask of an image. `data` holds 0 or 1 per pixel in column-major order, the order of COCO run lengths:
 * pixel (x, y) is `data[x * height + y]`.
 */
export interface Mask {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}

/** A rectangle of whole pixels; the last column is x + width - 1. Empty masks have the rectangle of size 0 x 0. */
export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export const EMPTY_BOX: Box = { x: 0, y: 0, width: 0, height: 0 };

export function emptyMask(width: number, height: number): Mask {
  return { width, height, data: new Uint8Array(width * height) };
}

export function copyMask(mask: Mask): Mask {
  return { ...mask, data: mask.data.slice() };
}

/** Whether the pixel is in the mask; pixels outside the image never are. */
export function isSet(mask: Mask, x: number, y: number): boolean {
  return x >= 0 && y >= 0 && x < mask.width && y < mask.height && mask.data[x * mask.height + y] === 1;
}
