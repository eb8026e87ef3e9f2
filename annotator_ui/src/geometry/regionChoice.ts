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

/** A node belongs to a box when at least this part of its area lies inside; the same as in `ml/segmentation`. */
export const BOX_SHARE = 0.6;

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
 * What a box means: the union of the largest nodes with at least BOX_SHARE of their area inside; the single node that fits
 * it best when there are none. The nodes do not contain each other. `box` lies in the image and is not empty.
 */
export function boxNodes(tree: RegionTree, box: Box): number[] {
  const inside = pixelsInside(tree, box);
  // From the roots down: what lies below a taken node is taken with it.
  const taken = new Uint8Array(tree.nodes);
  const nodes: number[] = [];
  for (let node = tree.nodes - 1; node >= 0; node--) {
    const up = tree.parent[node] ?? node;
    if (up !== node && taken[up] === 1) taken[node] = 1;
    else if ((inside[node] ?? 0) >= BOX_SHARE * (tree.area[node] ?? 0)) {
      taken[node] = 1;
      nodes.push(node);
    }
  }
  return nodes.length > 0 ? nodes : [bestFit(tree, inside, box.width * box.height)];
}
