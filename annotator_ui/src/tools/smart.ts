import type { Box } from "../geometry/mask";
import { distance, type ImagePoint } from "../geometry/points";
import { type Choice, choiceAt, cutAt } from "../geometry/regionChoice";
import type { RegionTree } from "../geometry/regionTree";
import type { Size } from "../geometry/viewport";
import type { Edit, RegionPrompt } from "../model/edits";

/** Device pixels that the pointer goes while pressed before a click becomes a box. */
export const BOX_PX = 6;

/** What a click on a pixel would take. */
export interface Target {
  readonly choice: Choice;
  /** Index into the choice's nodes. */
  readonly step: number;
  readonly node: number;
}

/** Whole pixels only: what is kept must name the pixel that was looked up. */
export function pixelOf(point: ImagePoint, image: Size): { x: number; y: number } | null {
  const [x, y] = [Math.floor(point.x), Math.floor(point.y)];
  return x >= 0 && y >= 0 && x < image.width && y < image.height ? { x, y } : null;
}

/** The clicks that added to the mask, or those that took away from it. */
export function clicksOf(edits: readonly Edit[], positive: boolean): { x: number; y: number }[] {
  return edits.flatMap((edit) =>
    edit.kind === "region" && edit.prompt.type === "point" && edit.prompt.positive === positive ? [edit.prompt] : [],
  );
}

/** The region that a click takes; `offset` is in steps from the choice that Smart select makes by itself. */
export function targetAt(
  tree: RegionTree,
  pixel: { readonly x: number; readonly y: number },
  removes: boolean,
  edits: readonly Edit[],
  offset: number,
): Target | null {
  const chooses = removes ? cutAt : choiceAt;
  const choice = chooses(tree, pixel.x, pixel.y, clicksOf(edits, removes));
  if (choice === null) return null;
  const step = Math.min(choice.nodes.length - 1, Math.max(0, choice.own + offset));
  return { choice, step, node: choice.nodes[step] ?? 0 };
}

export function pointPrompt(
  tree: RegionTree,
  pixel: { readonly x: number; readonly y: number },
  node: number,
  positive: boolean,
): RegionPrompt {
  return { type: "point", x: pixel.x, y: pixel.y, positive, scale: tree.scale[node] ?? 0 };
}

/** Whether a press that went from one point to the other is a box and not a click. */
export function isBox(from: ImagePoint, to: ImagePoint, zoom: number): boolean {
  return distance(from, to) * zoom >= BOX_PX;
}

/** The pixels between two corners, inside the image; `null` when there are none. */
export function boxBetween(from: ImagePoint, to: ImagePoint, image: Size): Box | null {
  const left = Math.max(0, Math.floor(Math.min(from.x, to.x)));
  const top = Math.max(0, Math.floor(Math.min(from.y, to.y)));
  const right = Math.min(image.width, Math.ceil(Math.max(from.x, to.x)));
  const bottom = Math.min(image.height, Math.ceil(Math.max(from.y, to.y)));
  return right > left && bottom > top ? { x: left, y: top, width: right - left, height: bottom - top } : null;
}
