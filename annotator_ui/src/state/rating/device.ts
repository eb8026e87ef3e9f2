import type { Clock, ScreenFacts } from "./telemetry";

/** The browser's clocks. */
export const browserClock: Clock = { now: () => performance.now(), date: () => new Date() };

function matches(query: string): boolean {
  return window.matchMedia(query).matches;
}

/** The screen as the browser describes it; it decides what a person can see of noise, contrast and colour. */
export function screenFacts(): ScreenFacts {
  const gamut = matches("(color-gamut: rec2020)") ? "rec2020" : matches("(color-gamut: p3)") ? "p3" : "srgb";
  return {
    width_px: Math.round(window.screen.width * window.devicePixelRatio),
    height_px: Math.round(window.screen.height * window.devicePixelRatio),
    color_depth: window.screen.colorDepth,
    gamut,
    high_dynamic_range: matches("(dynamic-range: high)"),
  };
}
