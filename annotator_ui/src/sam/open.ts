import { api } from "../api/client";
import type { ImageRow, SegmentationModel } from "../api/types";
import { HomeChooser } from "./chooser";
import { embeddingHeader } from "./frames";
import { openBrowserHome, type SamImage, type SamModel, serverHome } from "./homes";
import { SamSession } from "./session";
import { decoderWorker, shapeWorker } from "./worker";

/** One for each model: what was measured and what failed holds for all images. */
const choosers = new Map<string, HomeChooser>();

function modelOf({ id, title, version, decoder }: SegmentationModel): SamModel {
  return { id, title, version, decoder };
}

export function chooserFor(described: SegmentationModel): HomeChooser {
  const { id, decoder } = described;
  const known = choosers.get(`${id} ${decoder.sha256}`);
  if (known !== undefined) return known;
  const model = modelOf(described);
  const chooser = new HomeChooser(model, {
    server: serverHome(shapeWorker, model),
    openBrowser: () => openBrowserHome(decoderWorker, model, id),
    storage: localStorage,
    now: () => Date.now(),
    clock: () => performance.now(),
    wait: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
  });
  choosers.set(`${id} ${decoder.sha256}`, chooser);
  return chooser;
}

/** The model on an image, from the bytes of its embedding. Throws when they are of another model or image. */
export function openSession(
  described: SegmentationModel,
  image: Pick<ImageRow, "id" | "width" | "height">,
  bytes: ArrayBuffer,
): SamSession {
  const header = embeddingHeader(bytes);
  const [height, width] = header.image_size;
  if (header.model !== described.id || height !== image.height || width !== image.width) {
    throw new Error(
      `The embedding is of ${width} x ${height} pixels by ${header.model}; this image has ${image.width} x ${image.height}, and the model is ${described.id}.`,
    );
  }
  const model = modelOf(described);
  const [side = 0] = described.low_res;
  const samImage: SamImage = {
    id: image.id,
    key: header.key,
    frame: { side, inputSize: described.input_size, resized: header.resized, imageSize: header.image_size },
    load: () => api.bytes(`images/${image.id}/embedding/?model=${encodeURIComponent(described.id)}`),
  };
  return new SamSession({ image: samImage, model, homes: chooserFor(described), worker: shapeWorker });
}
