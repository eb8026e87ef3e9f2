import { type RefObject, useEffect, useState } from "react";
import type { Size } from "../geometry/viewport";

export interface DeviceSize extends Size {
  /** Device pixels per CSS pixel, now; moving the window to another screen or the browser's zoom changes it. */
  readonly dpr: number;
}

function boxOf(entry: ResizeObserverEntry): Size {
  const exact = entry.devicePixelContentBoxSize?.[0];
  if (exact) return { width: exact.inlineSize, height: exact.blockSize };
  return {
    width: Math.round(entry.contentRect.width * window.devicePixelRatio),
    height: Math.round(entry.contentRect.height * window.devicePixelRatio),
  };
}

/** Size of an element in device pixels, kept up to date. `null` until it was measured. */
export function useDeviceSize(ref: RefObject<HTMLElement | null>): DeviceSize | null {
  const [size, setSize] = useState<DeviceSize | null>(null);
  useEffect(() => {
    const element = ref.current;
    if (element === null) return;
    const observer = new ResizeObserver((entries) => {
      const entry = entries[entries.length - 1];
      if (entry) setSize({ ...boxOf(entry), dpr: window.devicePixelRatio });
    });
    let density: MediaQueryList | null = null;
    const watch = () => {
      density = window.matchMedia(`(resolution: ${window.devicePixelRatio}dppx)`);
      density.addEventListener("change", onDensity, { once: true });
    };
    const observe = () => {
      try {
        observer.observe(element, { box: "device-pixel-content-box" });
      } catch {
        // Safari has no device-pixel-content-box; the rounded content box is the next best.
        observer.observe(element);
      }
    };
    function onDensity() {
      observer.disconnect();
      observe();
      watch();
    }
    observe();
    watch();
    return () => {
      observer.disconnect();
      density?.removeEventListener("change", onDensity);
    };
  }, [ref]);
  return size;
}
