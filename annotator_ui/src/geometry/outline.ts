import { isSet, type Mask } from "./mask";
import { decodeBox, type Runs, runsBox } from "./rle";

/** Corners of one closed loop, as x0, y0, x1, y1, ... in image pixels; consecutive corners share a row or a column. */
export type Loop = Int32Array;

/** Steps to the right, down, left and up. */
const STEPS = [
  [1, 0],
  [0, 1],
  [-1, 0],
  [0, -1],
] as const;

/** Pixels to the right-hand and the left-hand side in front of a corner, per direction, relative to the corner. */
const AHEAD_RIGHT = [
  [0, 0],
  [-1, 0],
  [-1, -1],
  [0, -1],
] as const;
const AHEAD_LEFT = [
  [0, -1],
  [0, 0],
  [-1, 0],
  [-1, -1],
] as const;

function followLoop(mask: Mask, startX: number, startY: number, visit: (x: number, y: number) => void): Loop {
  const corners: number[] = [];
  let x = startX;
  let y = startY;
  let direction: 0 | 1 | 2 | 3 = 0;
  do {
    if (direction === 0) visit(x, y);
    x += STEPS[direction][0];
    y += STEPS[direction][1];
    const right = AHEAD_RIGHT[direction];
    const left = AHEAD_LEFT[direction];
    let turn: 0 | 1 | 3 = 0;
    // Pixels that touch at a corner only are two parts: the loop stays with the pixel it came along.
    if (!isSet(mask, x + right[0], y + right[1])) turn = 1;
    else if (isSet(mask, x + left[0], y + left[1])) turn = 3;
    if (turn !== 0) {
      corners.push(x, y);
      direction = ((direction + turn) % 4) as 0 | 1 | 2 | 3;
    }
  } while (x !== startX || y !== startY || direction !== 0);
  return Int32Array.from(corners);
}

/**
 * Loops along the cracks between the mask's pixels and the others, around every part and every hole. The mask lies to
 * the right of each step: outer loops run clockwise on the screen, holes the other way round. No loop crosses a pixel,
 * so a line drawn beside it, on its left, stays outside the mask.
 */
export function traceOutline(mask: Mask): Loop[] {
  const loops: Loop[] = [];
  const { width, height } = mask;
  const seen = new Uint8Array(width * height);
  // Every loop has a step to the right, along the top of some pixel: looking at those finds every loop.
  for (let x = 0; x < width; x++) {
    for (let y = 0; y < height; y++) {
      if (seen[x * height + y] === 1 || !isSet(mask, x, y) || isSet(mask, x, y - 1)) continue;
      loops.push(
        followLoop(mask, x, y, (atX, atY) => {
          seen[atX * height + atY] = 1;
        }),
      );
    }
  }
  return loops;
}

/** The loops of a mask given by its runs; the cost follows the mask's box and not the image. */
export function traceRuns(runs: Runs): Loop[] {
  const box = runsBox(runs);
  const loops = traceOutline(decodeBox(runs, box));
  for (const loop of loops) {
    for (let corner = 0; corner < loop.length; corner += 2) {
      loop[corner] = (loop[corner] ?? 0) + box.x;
      loop[corner + 1] = (loop[corner + 1] ?? 0) + box.y;
    }
  }
  return loops;
}

/** Whether a point (image pixels) lies inside the loops, holes left out. */
export function loopsContain(loops: readonly Loop[], x: number, y: number): boolean {
  let inside = false;
  for (const loop of loops) {
    for (let corner = 0; corner < loop.length; corner += 2) {
      const next = (corner + 2) % loop.length;
      const edgeX = loop[corner] ?? 0;
      const fromY = loop[corner + 1] ?? 0;
      const toY = loop[next + 1] ?? 0;
      // Only vertical edges to the right of the point can be crossed by a ray to the right.
      if (loop[next] === edgeX && edgeX > x && fromY <= y !== toY <= y) inside = !inside;
    }
  }
  return inside;
}
