import type { Box } from "./mask";
import { leafAt, type RegionTree, regionsAround } from "./regionTree";

/** What a click can take, from small to large, and which of them it takes by itself. */
export interface Choice {
  readonly nodes: readonly number[];
  /** Index into `nodes`. */
  readonly own: number;
}

/** A step to the next larger region multiplies the area by about this: less is hardly seen. */
const JUMP = 1.5;

/** A region is within a box when at least this part of its area lies inside; as in `ml/segmentation`. */
export const BOX_SHARE = 0.85;

/** What a box gives spans at least this part of it; as in `ml/segmentation`. */
const BOX_EXTENT = 0.9;

function indexOfBest(tree: RegionTree, nodes: readonly number[]): number {
  return nodes.reduce(
    (best, node, at) => ((tree.score[node] ?? 0) > (tree.score[nodes[best] ?? 0] ?? 0) ? at : best),
    0,
  );
}

/** Of regions that hardly differ in area only the one with the best score: the best of all always stays. */
function clearSteps(tree: RegionTree, chain: readonly number[]): number[] {
  const steps: number[] = [];
  let group: number[] = [];
  for (const node of chain) {
    if (group.length > 0 && (tree.area[node] ?? 0) >= JUMP * (tree.area[group[0] ?? 0] ?? 0)) {
      steps.push(group[indexOfBest(tree, group)] ?? 0);
      group = [];
    }
    group.push(node);
  }
  if (group.length > 0) steps.push(group[indexOfBest(tree, group)] ?? 0);
  return steps;
}

interface Pixel {
  readonly x: number;
  readonly y: number;
}

/** The regions around a leaf, parted into those that hold none of the pixels and, larger, those that do. */
function partedBy(tree: RegionTree, leaf: number, pixels: readonly Pixel[]): [free: number[], other: number[]] {
  const holding = new Set<number>();
  for (const { x, y } of pixels) {
    const other = leafAt(tree, x, y);
    if (other !== null) for (const node of regionsAround(tree, other)) holding.add(node);
  }
  const chain = regionsAround(tree, leaf);
  const free = chain.filter((node) => !holding.has(node));
  return [free, chain.slice(free.length)];
}

/**
 * The regions around a pixel, and the one with the best score of those that hold none of the clicks that took away. Where
 * all do it is the leaf, as the newest click counts. `null` outside the image.
 */
export function choiceAt(tree: RegionTree, x: number, y: number, removed: readonly Pixel[] = []): Choice | null {
  const leaf = leafAt(tree, x, y);
  if (leaf === null) return null;
  const [free, other] = partedBy(tree, leaf, removed);
  const allowed = free.length > 0 ? clearSteps(tree, free) : [leaf];
  const larger = other.filter((node) => node !== leaf);
  return { nodes: [...allowed, ...clearSteps(tree, larger)], own: indexOfBest(tree, allowed) };
}

/**
 * What a click that takes away can take: the regions around the pixel that hold none of the clicks that added, and of
 * them the largest. The newest click counts: on the very leaf of an older one it takes that leaf. Without clicks to
 * spare the best score decides, as the largest would be the whole image.
 */
export function cutAt(tree: RegionTree, x: number, y: number, added: readonly Pixel[]): Choice | null {
  const leaf = leafAt(tree, x, y);
  if (leaf === null) return null;
  if (added.length === 0) return choiceAt(tree, x, y);
  const [free] = partedBy(tree, leaf, added);
  if (free.length === 0) return { nodes: [leaf], own: 0 };
  const largest = free.at(-1) ?? leaf;
  const nodes = clearSteps(tree, free);
  if (nodes.at(-1) !== largest) nodes.push(largest);
  return { nodes, own: nodes.length - 1 };
}

/** Pixels of each node inside the box, which lies in the image. */
function pixelsInside(tree: RegionTree, box: Box): Uint32Array {
  const inside = new Uint32Array(tree.nodes);
  for (let y = box.y; y < box.y + box.height; y++) {
    const row = tree.labels.subarray(y * tree.width + box.x, y * tree.width + box.x + box.width);
    for (const leaf of row) inside[leaf] = (inside[leaf] ?? 0) + 1;
  }
  for (let node = 0; node < tree.nodes; node++) {
    const up = tree.parent[node] ?? node;
    if (up !== node) inside[up] = (inside[up] ?? 0) + (inside[node] ?? 0);
  }
  return inside;
}

/** The node that fits the box best: the shared pixels as a part of all pixels of both. */
function bestFit(tree: RegionTree, inside: Uint32Array, size: number): number {
  let best = 0;
  let bestFit = -1;
  for (let node = 0; node < tree.nodes; node++) {
    const shared = inside[node] ?? 0;
    const fit = shared / (size + (tree.area[node] ?? 0) - shared);
    if (fit > bestFit) [best, bestFit] = [node, fit];
  }
  return best;
}

/**
 * For each leaf the scale of the smallest region around it that is no longer within the box: -1 for a leaf that itself is
 * outside, 2 when even the largest region is within.
 */
function scalesOfLeaving(tree: RegionTree, inside: Uint32Array): Float32Array {
  const leaving = new Float32Array(tree.nodes).fill(2);
  const within = (node: number) => (inside[node] ?? 0) >= BOX_SHARE * (tree.area[node] ?? 0);
  for (let node = tree.nodes - 1; node >= 0; node--) {
    const up = tree.parent[node] ?? node;
    if (!within(node)) leaving[node] = tree.scale[node] ?? 0;
    else if (up !== node) leaving[node] = leaving[up] ?? 2;
  }
  return leaving.subarray(0, tree.leaves).map((scale, leaf) => (within(leaf) ? scale : -1));
}

/** First and last column and row of each leaf inside the box, as left, top, right, bottom. */
function extentsInside(tree: RegionTree, box: Box): Int32Array {
  const extents = new Int32Array(4 * tree.leaves);
  for (let leaf = 0; leaf < tree.leaves; leaf++) extents.set([tree.width, tree.height, -1, -1], 4 * leaf);
  for (let y = box.y; y < box.y + box.height; y++) {
    for (let x = box.x, at = y * tree.width + box.x; x < box.x + box.width; x++, at++) {
      const leaf = 4 * (tree.labels[at] ?? 0);
      extents[leaf] = Math.min(extents[leaf] ?? 0, x);
      extents[leaf + 1] = Math.min(extents[leaf + 1] ?? 0, y);
      extents[leaf + 2] = Math.max(extents[leaf + 2] ?? 0, x);
      extents[leaf + 3] = Math.max(extents[leaf + 3] ?? 0, y);
    }
  }
  return extents;
}

/**
 * The leaves that a box means, as `ml/segmentation` chooses them. Going to coarser scales, what belongs to the surroundings
 * flows out of the box first: the leaves that stay inside longest are taken, just as many as it needs for them to reach
 * nearly all four sides. The single node that fits best when no leaf is within. `box` lies in the image and is not empty.
 */
export function boxNodes(tree: RegionTree, box: Box): number[] {
  const inside = pixelsInside(tree, box);
  const leaving = scalesOfLeaving(tree, inside);
  const extents = extentsInside(tree, box);
  const stays = (leaf: number) => leaving[leaf] ?? -1;
  const leaves = Array.from(leaving.keys()).filter((leaf) => stays(leaf) >= 0);
  leaves.sort((a, b) => stays(b) - stays(a));
  let [left, top, right, bottom] = [tree.width, tree.height, -1, -1];
  for (const [index, leaf] of leaves.entries()) {
    left = Math.min(left, extents[4 * leaf] ?? 0);
    top = Math.min(top, extents[4 * leaf + 1] ?? 0);
    right = Math.max(right, extents[4 * leaf + 2] ?? 0);
    bottom = Math.max(bottom, extents[4 * leaf + 3] ?? 0);
    const next = leaves[index + 1];
    // Leaves that leave at one scale are taken together.
    if (next !== undefined && stays(next) === stays(leaf)) continue;
    const reached = (right - left + 1) * (bottom - top + 1);
    if (reached >= BOX_EXTENT * box.width * box.height) return leaves.slice(0, index + 1);
  }
  return leaves.length > 0 ? leaves : [bestFit(tree, inside, box.width * box.height)];
}
