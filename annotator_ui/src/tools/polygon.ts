import { distance, type ImagePoint } from "../geometry/points";

/** A polygon that is being drawn. */
export interface Polygon {
  readonly points: readonly ImagePoint[];
  /** Where the pointer is: the next point would go there. */
  readonly hover: ImagePoint | null;
  /** The vertex under the pressed pointer; `moved` once it was dragged away from where it was. */
  readonly grabbed: { readonly index: number; readonly moved: boolean } | null;
}

export const NO_POLYGON: Polygon = { points: [], hover: null, grabbed: null };

/** A press adds a point, or grabs the vertex within `reach` (image pixels) of it. */
export function pressPolygon(polygon: Polygon, point: ImagePoint, reach: number): Polygon {
  const near = polygon.points.findIndex((vertex) => distance(vertex, point) <= reach);
  if (near >= 0) return { ...polygon, hover: point, grabbed: { index: near, moved: false } };
  return { points: [...polygon.points, point], hover: point, grabbed: null };
}

/** A move drags the grabbed vertex once it leaves its `reach`, or only moves the preview. */
export function movePolygon(polygon: Polygon, point: ImagePoint, reach: number): Polygon {
  const { grabbed } = polygon;
  if (grabbed === null) return { ...polygon, hover: point };
  const vertex = polygon.points[grabbed.index];
  if (!grabbed.moved && vertex !== undefined && distance(vertex, point) <= reach) return { ...polygon, hover: point };
  return {
    points: polygon.points.map((other, index) => (index === grabbed.index ? point : other)),
    hover: point,
    grabbed: { ...grabbed, moved: true },
  };
}

/** A release ends a drag. `closes` is true when the first vertex was clicked and there are enough points. */
export function releasePolygon(polygon: Polygon): { polygon: Polygon; closes: boolean } {
  const closes = polygon.grabbed?.index === 0 && !polygon.grabbed.moved && canClose(polygon);
  return { polygon: { ...polygon, grabbed: null }, closes };
}

/** Whether the points make an area. */
export function canClose(polygon: Polygon): boolean {
  return polygon.points.length >= 3;
}

/** Takes the last point back. */
export function dropLastPoint(polygon: Polygon): Polygon {
  return { ...polygon, points: polygon.points.slice(0, -1), grabbed: null };
}
