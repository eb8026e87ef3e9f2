/**
 * A hierarchy of an image's regions. Leaves are nodes 0 to `leaves` - 1 and cover the image; every further node is the
 * union of its children, which come before it. A root is its own parent.
 */
export interface RegionTree {
  readonly width: number;
  readonly height: number;
  readonly leaves: number;
  readonly nodes: number;
  /** Leaf of each pixel, row by row: pixel (x, y) is `labels[y * width + x]`. */
  readonly labels: Uint16Array | Uint32Array;
  readonly parent: Uint32Array;
  /** How different the children were when they were joined, 0 (leaves) to 1; never smaller than a child's. */
  readonly scale: Float32Array;
  /** Pixels. */
  readonly area: Uint32Array;
  /** How likely the node is what a person means, 0 to 1. */
  readonly score: Float32Array;
}

/** Bytes that are not a region tree, or not one of this image. */
export class InvalidRegionTree extends Error {
  override readonly name = "InvalidRegionTree";
}

const MAGIC = "RQT1";
const HEADER_BYTES = 20;

function headerOf(bytes: ArrayBuffer): { width: number; height: number; leaves: number; nodes: number } {
  const magic = String.fromCharCode(...new Uint8Array(bytes, 0, Math.min(MAGIC.length, bytes.byteLength)));
  if (magic !== MAGIC || bytes.byteLength < HEADER_BYTES) {
    throw new InvalidRegionTree(`The region tree does not start with ${MAGIC} and a header of ${HEADER_BYTES} bytes.`);
  }
  const view = new DataView(bytes);
  const [width = 0, height = 0, leaves = 0, nodes = 0] = [4, 8, 12, 16].map((at) => view.getUint32(at, true));
  if (width * height === 0 || leaves === 0 || leaves > width * height || nodes < leaves || nodes >= 2 * leaves) {
    throw new InvalidRegionTree(
      `A region tree of ${width} x ${height} pixels cannot have ${leaves} leaves and ${nodes} nodes.`,
    );
  }
  return { width, height, leaves, nodes };
}

/**
 * Lays typed arrays over the bytes, without copying and without looking at the values: cheap for any size. Little endian,
 * as every browser is. Throws InvalidRegionTree when the header or the length is wrong.
 */
export function layRegionTree(bytes: ArrayBuffer): RegionTree {
  const { width, height, leaves, nodes } = headerOf(bytes);
  const labelBytes = leaves <= 65535 ? 2 : 4;
  const table = HEADER_BYTES + Math.ceil((width * height * labelBytes) / 4) * 4;
  if (bytes.byteLength !== table + 16 * nodes) {
    throw new InvalidRegionTree(`The region tree has ${bytes.byteLength} bytes instead of ${table + 16 * nodes}.`);
  }
  const labels =
    labelBytes === 2
      ? new Uint16Array(bytes, HEADER_BYTES, width * height)
      : new Uint32Array(bytes, HEADER_BYTES, width * height);
  return {
    width,
    height,
    leaves,
    nodes,
    labels,
    parent: new Uint32Array(bytes, table, nodes),
    scale: new Float32Array(bytes, table + 4 * nodes, nodes),
    area: new Uint32Array(bytes, table + 8 * nodes, nodes),
    score: new Float32Array(bytes, table + 12 * nodes, nodes),
  };
}

/** Checks every value: labels, order, scales and areas. Throws InvalidRegionTree with the first fault. */
export function checkRegionTree(tree: RegionTree): void {
  const { labels, leaves, nodes, parent, scale, area, score } = tree;
  const counted = new Uint32Array(nodes);
  for (let at = 0; at < labels.length; at++) {
    const leaf = labels[at] ?? 0;
    if (leaf >= leaves) throw new InvalidRegionTree(`Pixel ${at} has the leaf ${leaf} of ${leaves}.`);
    counted[leaf] = (counted[leaf] ?? 0) + 1;
  }
  for (let node = 0; node < nodes; node++) {
    const up = parent[node] ?? 0;
    const [low, high] = [scale[node] ?? Number.NaN, scale[up] ?? Number.NaN];
    const root = up === node;
    if (!root && (up <= node || up < leaves || up >= nodes)) {
      throw new InvalidRegionTree(`Node ${node} has the parent ${up}: a parent comes after its children.`);
    }
    if (!(low >= 0 && low <= high && high <= 1)) {
      throw new InvalidRegionTree(`Node ${node} has the scale ${low} under a parent of ${high}.`);
    }
    if (!((score[node] ?? Number.NaN) >= 0 && (score[node] ?? 0) <= 1)) {
      throw new InvalidRegionTree(`Node ${node} has the score ${score[node]}, which is not in 0 to 1.`);
    }
    if (area[node] !== counted[node] || area[node] === 0) {
      throw new InvalidRegionTree(`Node ${node} says ${area[node]} pixels and has ${counted[node]}.`);
    }
    if (!root) counted[up] = (counted[up] ?? 0) + (counted[node] ?? 0);
  }
}

/** The leaf under a pixel; `null` outside the image. */
export function leafAt(tree: RegionTree, x: number, y: number): number | null {
  if (!(x >= 0 && y >= 0 && x < tree.width && y < tree.height)) return null;
  return tree.labels[Math.floor(y) * tree.width + Math.floor(x)] ?? null;
}

/** The largest region around a node that was joined at `scale` or below; the node itself when its parent was not. */
export function nodeAtScale(tree: RegionTree, node: number, scale: number): number {
  let at = node;
  for (let up = tree.parent[at] ?? at; up !== at && (tree.scale[up] ?? 0) <= scale; up = tree.parent[at] ?? at) at = up;
  return at;
}

/**
 * The regions around a leaf from small to large, each the one that `nodeAtScale` answers for its own scale: of nodes that
 * were joined at the same scale only the last is a region.
 */
export function regionsAround(tree: RegionTree, leaf: number): number[] {
  const chain: number[] = [];
  for (let at = leaf; ; ) {
    at = nodeAtScale(tree, at, tree.scale[at] ?? 0);
    chain.push(at);
    const up = tree.parent[at] ?? at;
    if (up === at) return chain;
    at = up;
  }
}

/** True for every leaf below one of the nodes, the nodes included; one byte per node of the tree. */
export function below(tree: RegionTree, nodes: readonly number[]): Uint8Array {
  const inside = new Uint8Array(tree.nodes);
  for (const node of nodes) inside[node] = 1;
  for (let node = tree.nodes - 1; node >= 0; node--) {
    if (inside[tree.parent[node] ?? node] === 1) inside[node] = 1;
  }
  return inside;
}
