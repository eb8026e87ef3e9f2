import { describe, expect, test } from "vitest";
import { imagePoint } from "../../src/geometry/points";
import {
  canClose,
  dropLastPoint,
  movePolygon,
  NO_POLYGON,
  type Polygon,
  pressPolygon,
  releasePolygon,
} from "../../src/tools/polygon";

const REACH = 2;

function click(polygon: Polygon, x: number, y: number) {
  return releasePolygon(pressPolygon(polygon, imagePoint(x, y), REACH));
}

function triangle(): Polygon {
  return [
    [0, 0],
    [20, 0],
    [20, 20],
  ].reduce((polygon, [x = 0, y = 0]) => click(polygon, x, y).polygon, NO_POLYGON);
}

describe("polygon tool", () => {
  test("each click adds a vertex", () => {
    expect(triangle().points).toEqual([imagePoint(0, 0), imagePoint(20, 0), imagePoint(20, 20)]);
  });

  test("a click on the first vertex closes three points, and adds none", () => {
    const { closes, polygon } = click(triangle(), 1, 1);
    expect(closes).toBe(true);
    expect(polygon.points).toHaveLength(3);
  });

  test("two points cannot close", () => {
    const two = dropLastPoint(triangle());
    expect(canClose(two)).toBe(false);
    expect(click(two, 0, 0).closes).toBe(false);
  });

  test("the second click of a double click neither adds a vertex nor moves one", () => {
    expect(click(triangle(), 20, 21).polygon.points).toEqual(triangle().points);
  });

  test("a vertex can be dragged, the first one too, without closing", () => {
    const pressed = pressPolygon(triangle(), imagePoint(0, 1), REACH);
    const moved = movePolygon(movePolygon(pressed, imagePoint(-8, 3), REACH), imagePoint(-9, 4), REACH);
    const { closes, polygon } = releasePolygon(moved);
    expect(closes).toBe(false);
    expect(polygon.points[0]).toEqual(imagePoint(-9, 4));
    expect(polygon.points).toHaveLength(3);
  });

  test("a hand that shakes on a vertex does not move it", () => {
    const pressed = pressPolygon(triangle(), imagePoint(20, 19), REACH);
    expect(movePolygon(pressed, imagePoint(19, 19), REACH).points).toEqual(triangle().points);
  });

  test("taking the last point back reopens the polygon there", () => {
    expect(dropLastPoint(triangle()).points).toEqual([imagePoint(0, 0), imagePoint(20, 0)]);
  });
});
