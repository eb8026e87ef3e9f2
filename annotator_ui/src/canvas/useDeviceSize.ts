import { type RefObject, useEffect, useState } from "react";
import { gridSpan } from "../geometry/deviceGrid";
import type { Size } from "../geometry/viewport";

export interface DeviceSize extends Size {
  /** Device pixels per CSS pixel, now; moving the window to another screen or the browser's zoom changes it. */
  readonly dpr: number;
  /** CSS pixels from the element's corner to the first whole device pixel in it. */
  readonly offsetX: number;
  readonly offsetY: number;
}

function measure(element: HTMLElement): DeviceSize {
  const dpr = window.devicePixelRatio;
  const box = element.getBoundingClientRect();
  const across = gridSpan(box.left, box.width, dpr);
  const down = gridSpan(box.top, box.height, dpr);
  return { dpr, width: across.count, height: down.count, offsetX: across.offset, offsetY: down.offset };
}

function same(a: DeviceSize | null, b: DeviceSize): boolean {
  if (a === null) return false;
  const sameSize = a.width === b.width && a.height === b.height && a.dpr === b.dpr;
  return sameSize && a.offsetX === b.offsetX && a.offsetY === b.offsetY;
}

/**
 * The whole device pixels inside an element, kept up to date; `null` until it was measured. Layout may put an element
 * between device pixels: a canvas there would be resampled, so it has to start at the first whole one.
 */
export function useDeviceSize(ref: RefObject<HTMLElement | null>): DeviceSize | null {
  const [size, setSize] = useState<DeviceSize | null>(null);
  useEffect(() => {
    const element = ref.current;
    if (element === null) return;
    const update = () => {
      const next = measure(element);
      setSize((current) => (same(current, next) ? current : next));
    };
    const observer = new ResizeObserver(update);
    observer.observe(element);
    const stop = new AbortController();
    const { signal } = stop;
    window.addEventListener("resize", update, { signal });
    window.addEventListener("scroll", update, { signal, capture: true, passive: true });
    const watchDensity = () => {
      const density = window.matchMedia(`(resolution: ${window.devicePixelRatio}dppx)`);
      const onChange = () => {
        update();
        watchDensity();
      };
      density.addEventListener("change", onChange, { signal, once: true });
    };
    watchDensity();
    return () => {
      observer.disconnect();
      stop.abort();
    };
  }, [ref]);
  return size;
}
