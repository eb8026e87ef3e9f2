declare const space: unique symbol;

/** A point in image pixels: (0, 0) is the top left corner of the first pixel, (0.5, 0.5) its centre. */
export interface ImagePoint {
  readonly x: number;
  readonly y: number;
  readonly [space]: "image";
}

/** A point in device pixels, from the top left corner of the image's viewport. */
export interface ScreenPoint {
  readonly x: number;
  readonly y: number;
  readonly [space]: "screen";
}

export function imagePoint(x: number, y: number): ImagePoint {
  return { x, y } as ImagePoint;
}

export function screenPoint(x: number, y: number): ScreenPoint {
  return { x, y } as ScreenPoint;
}

/** Distance of two points of the same space, in its pixels. */
export function distance<Point extends ImagePoint | ScreenPoint>(a: Point, b: Point): number {
  return Math.hypot(a.x - b.x, a.y - b.y);
}
