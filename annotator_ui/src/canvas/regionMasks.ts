import { layRegionTree, type RegionTree } from "../geometry/regionTree";
import { ByteCache } from "../model/byteCache";
import type { RegionMask, RegionTake } from "./maskMessages";
import { askMaskWorker } from "./maskWorker";

/** The region tree of one image, checked. */
export interface ImageRegions {
  readonly image: string;
  readonly tree: RegionTree;
  readonly bytes: ArrayBuffer;
}

/** Outlines are small beside images: enough for a few hundred regions of a photograph. */
const CACHE_BYTES = 32 * 1024 * 1024;
const cache = new ByteCache<RegionMask>(CACHE_BYTES);

function keyOf(image: string, take: RegionTake): string {
  if ("nodes" in take) return `${image} ${take.nodes.join()}`;
  const { x, y, width, height } = take.box;
  return `${image} box ${x} ${y} ${width} ${height}`;
}

function bytesOf({ loops, counts }: RegionMask): number {
  return 2 * counts.length + loops.reduce((sum, loop) => sum + loop.byteLength, 0);
}

/** Has the worker check the tree and keep it. Rejects when it is damaged or not of an image of this size. */
export async function openRegions(
  image: { readonly id: string; readonly width: number; readonly height: number },
  bytes: ArrayBuffer,
): Promise<ImageRegions> {
  const tree = layRegionTree(bytes);
  if (tree.width !== image.width || tree.height !== image.height) {
    throw new Error(
      `The region tree is of an image of ${tree.width} x ${tree.height} pixels, this one has ${image.width} x ${image.height}.`,
    );
  }
  await askMaskWorker({ kind: "tree", image: image.id, bytes });
  return { image: image.id, tree, bytes };
}

/** The mask of the regions, if it is known already. */
export function knownRegionMask(regions: ImageRegions, take: RegionTake): RegionMask | undefined {
  return cache.get(keyOf(regions.image, take));
}

/** The mask of the regions, with its outline. */
export async function regionMask(regions: ImageRegions, take: RegionTake): Promise<RegionMask> {
  const known = knownRegionMask(regions, take);
  if (known !== undefined) return known;
  const { image, bytes } = regions;
  let mask = await askMaskWorker({ kind: "regions", image, take });
  if (mask === null) {
    // The worker was started anew, or had another image in between.
    await askMaskWorker({ kind: "tree", image, bytes });
    mask = await askMaskWorker({ kind: "regions", image, take });
  }
  if (mask === null) throw new Error("The region could not be computed. Point at it again.");
  cache.set(keyOf(image, take), mask, bytesOf(mask));
  return mask;
}
