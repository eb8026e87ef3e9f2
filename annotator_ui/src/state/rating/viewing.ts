import { newUUID } from "./identity";

/** On which screen, at which zoom, a page is seen: what a viewing check holds for. Sizes in CSS pixels. */
export interface Conditions {
  device: string;
  device_pixel_ratio: number;
  screen_width: number;
  screen_height: number;
}

const DEVICE_KEY = "roiqa-device";
/** Browsers round the ratio differently from page to page. */
const SAME_RATIO = 0.005;

/** A random number that this browser keeps: it says that it is the same one, and not whose. */
function deviceId(store: Storage = localStorage): string {
  const known = store.getItem(DEVICE_KEY);
  if (known !== null && /^[0-9a-f-]{36}$/.test(known)) return known;
  const fresh = newUUID();
  store.setItem(DEVICE_KEY, fresh);
  return fresh;
}

export function conditionsNow(): Conditions {
  return {
    device: deviceId(),
    device_pixel_ratio: window.devicePixelRatio,
    screen_width: window.screen.width,
    screen_height: window.screen.height,
  };
}

/** Whether what was checked under the one holds under the other. A telephone that is turned is the same screen. */
export function sameConditions(a: Conditions, b: Conditions): boolean {
  const upright = a.screen_width === b.screen_width && a.screen_height === b.screen_height;
  const turned = a.screen_width === b.screen_height && a.screen_height === b.screen_width;
  return (
    a.device === b.device && Math.abs(a.device_pixel_ratio - b.device_pixel_ratio) < SAME_RATIO && (upright || turned)
  );
}

/** The check that was made under these conditions. */
export function checkFor<Check extends Conditions>(
  checks: readonly Check[],
  conditions: Conditions,
): Check | undefined {
  return checks.find((check) => sameConditions(check, conditions));
}

/** Calls `changed` whenever the window may have come to another screen or zoom. */
export function watchConditions(changed: () => void): () => void {
  const control = new AbortController();
  let ratio: MediaQueryList | null = null;
  const onRatio = () => {
    ratio?.removeEventListener("change", onRatio);
    ratio = window.matchMedia(`(resolution: ${window.devicePixelRatio}dppx)`);
    ratio.addEventListener("change", onRatio, { signal: control.signal });
    changed();
  };
  ratio = window.matchMedia(`(resolution: ${window.devicePixelRatio}dppx)`);
  ratio.addEventListener("change", onRatio, { signal: control.signal });
  window.addEventListener("resize", changed, { signal: control.signal });
  return () => control.abort();
}

/** The check that holds on this page, by study: the claim sends it along. */
const held = new Map<string, string>();

export function holdViewingCheck(study: string, check: string | undefined): void {
  if (check === undefined) held.delete(study);
  else held.set(study, check);
}

export function heldViewingCheck(study: string): string | null {
  return held.get(study) ?? null;
}
