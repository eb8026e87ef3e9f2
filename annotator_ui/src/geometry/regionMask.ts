import { type Box, EMPTY_BOX } from "./mask";
import { below, type RegionTree } from "./regionTree";
import type { Runs } from "./rle";

/** First and last column and row of each leaf, as left, top, right, bottom; computed once for a tree. */
export type LeafBoxes = Int32Array;

export function leafBoxes(tree: RegionTree): LeafBoxes {
  const { width, height, labels, leaves } = tree;
  const boxes = new Int32Array(4 * leaves);
  for (let leaf = 0; leaf < leaves; leaf++) boxes.set([width, height, -1, -1], 4 * leaf);
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < width; x++, at++) {
      const box = 4 * (labels[at] ?? 0);
      if (x < (boxes[box] ?? 0)) boxes[box] = x;
      if (y < (boxes[box + 1] ?? 0)) boxes[box + 1] = y;
      if (x > (boxes[box + 2] ?? 0)) boxes[box + 2] = x;
      if (y > (boxes[box + 3] ?? 0)) boxes[box + 3] = y;
    }
  }
  return boxes;
}

function boxOfLeaves(tree: RegionTree, inside: Uint8Array, boxes: LeafBoxes): Box {
  let [left, top, right, bottom] = [tree.width, tree.height, -1, -1];
  for (let leaf = 0; leaf < tree.leaves; leaf++) {
    if (inside[leaf] !== 1) continue;
    left = Math.min(left, boxes[4 * leaf] ?? 0);
    top = Math.min(top, boxes[4 * leaf + 1] ?? 0);
    right = Math.max(right, boxes[4 * leaf + 2] ?? 0);
    bottom = Math.max(bottom, boxes[4 * leaf + 3] ?? 0);
  }
  return right < 0 ? EMPTY_BOX : { x: left, y: top, width: right - left + 1, height: bottom - top + 1 };
}

/** Exact runs of the union of nodes. The cost follows the box around them, not the image. */
export function regionRuns(tree: RegionTree, nodes: readonly number[], boxes: LeafBoxes): Runs {
  const { width, height, labels } = tree;
  const inside = below(tree, nodes);
  const box = boxOfLeaves(tree, inside, boxes);
  // Labels lie row by row and runs go down the columns: one pass turns the box, the next counts.
  const turned = new Uint8Array(box.width * box.height);
  for (let y = 0; y < box.height; y++) {
    let from = (box.y + y) * width + box.x;
    for (let x = 0, to = y; x < box.width; x++, from++, to += box.height) turned[to] = inside[labels[from] ?? 0] ?? 0;
  }
  const lengths: number[] = [];
  let end = 0;
  for (let x = 0; x < box.width; x++) {
    const column = turned.subarray(x * box.height, (x + 1) * box.height);
    const first = (box.x + x) * height + box.y;
    for (let top = column.indexOf(1); top >= 0; ) {
      const stop = column.indexOf(0, top);
      const bottom = stop < 0 ? box.height : stop;
      // A run that goes on at the top of the next column is one run.
      if (first + top === end && lengths.length > 0) lengths[lengths.length - 1] = (lengths.at(-1) ?? 0) + bottom - top;
      else lengths.push(first + top - end, bottom - top);
      end = first + bottom;
      top = stop < 0 ? -1 : column.indexOf(1, bottom);
    }
  }
  if (end < width * height) lengths.push(width * height - end);
  return { width, height, lengths };
}
