import { pixels } from "../../model/rois";
import { Button } from "../shared/Button";
import type { RegionTreeState } from "./useRegionTree";
import type { SmartSelect } from "./useSmartSelect";

/** Says how far Smart select is; nothing once it is ready. */
export function RegionTreeNote({ state }: { state: RegionTreeState }) {
  if (state.phase === "ready") return null;
  if (state.phase === "failed") {
    return (
      <div className="regions-note" role="alert">
        <p>Smart select is not available: {state.reason}</p>
        <Button small onClick={state.retry}>
          Try again
        </Button>
      </div>
    );
  }
  const percent = state.phase === "preparing" && state.fraction !== null ? Math.round(100 * state.fraction) : null;
  return (
    <div className="regions-note" role="status">
      <p>
        {state.phase === "loading" ? "Smart select is being loaded" : "Smart select is being prepared"}
        {percent === null ? " …" : `: ${percent} %`}
      </p>
      <progress aria-label="Smart select" {...(percent === null ? {} : { value: percent, max: 100 })} />
      <p className="muted">Polygon and brush work meanwhile.</p>
    </div>
  );
}

/** Which of the regions under the pointer a click takes. */
export function RegionSize({ smart }: { smart: SmartSelect }) {
  const { target, area, box } = smart;
  const own = target !== null && target.step === target.choice.own;
  return (
    <fieldset className="regions-group">
      <legend>Size of the region</legend>
      <p className="numeric regions-step">
        {target === null ? (
          box === null ? (
            "Point at the image"
          ) : (
            "Box"
          )
        ) : (
          <>
            Step {target.step + 1} of {target.choice.nodes.length}
            {own ? ", own choice" : ""}
          </>
        )}
        <br />
        <output aria-label="Region under the pointer" aria-live="off">
          {area > 0 ? pixels(area) : "–"}
        </output>
      </p>
      <div className="row">
        <Button small aria-keyshortcuts="," title="Smaller region (, or wheel down)" onClick={() => smart.resize(-1)}>
          Smaller
        </Button>
        <Button small aria-keyshortcuts="." title="Larger region (. or wheel up)" onClick={() => smart.resize(1)}>
          Larger
        </Button>
      </div>
    </fieldset>
  );
}
