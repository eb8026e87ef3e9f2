import { networkError } from "../api/errors";

/**
 * Decoded images by URL. The newest few are kept, so that the next image stands ready and going back is instant; a
 * decoded photograph of 12 megapixels takes 48 MB.
 */
const KEPT = 4;
const cache = new Map<string, Promise<ImageBitmap>>();

async function decode(url: string): Promise<ImageBitmap> {
  const response = await fetch(url, { credentials: "same-origin" }).catch(() => {
    throw networkError();
  });
  if (!response.ok) throw new Error(`The image cannot be loaded: the server answered ${response.status}.`);
  // The browser's own colour handling of an <img>, pixel for pixel: no scaling, no flip.
  return createImageBitmap(await response.blob());
}

/** The decoded image. A second call for the same URL shares the first one's work; a failure is not remembered. */
export function loadBitmap(url: string): Promise<ImageBitmap> {
  const known = cache.get(url);
  const bitmap = known ?? decode(url);
  cache.delete(url);
  cache.set(url, bitmap);
  if (known === undefined) bitmap.catch(() => cache.delete(url));
  for (const [oldest] of cache) {
    if (cache.size <= KEPT) break;
    // Not closed by hand: a stage may still show it.
    cache.delete(oldest);
  }
  return bitmap;
}

/** Starts loading an image that will be needed soon; a failure will show when it is. */
export function prefetchBitmap(url: string): void {
  loadBitmap(url).catch(() => undefined);
}
