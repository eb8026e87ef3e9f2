import { pixels } from "../../model/rois";
import type { HomeStatus } from "../../sam/chooser";
import { Button } from "../shared/Button";
import type { Backends } from "./useBackend";
import type { Prepared } from "./usePrepared";
import type { SmartSelect } from "./useSmartSelect";

/** Says how far something is; nothing once it is ready. */
function PreparedNote({ what, state, meanwhile }: { what: string; state: Prepared<unknown>; meanwhile: string }) {
  if (state.phase === "ready") return null;
  if (state.phase === "failed") {
    return (
      <div className="regions-note" role="alert">
        <p>
          {what} is not available: {state.reason}
        </p>
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
        {what} is being {state.phase === "loading" ? "loaded" : "prepared"}
        {percent === null ? " …" : `: ${percent} %`}
      </p>
      <progress aria-label={what} {...(percent === null ? {} : { value: percent, max: 100 })} />
      <p className="muted">{meanwhile}</p>
    </div>
  );
}

/** What Smart select still waits for. */
export function SmartNotes({ backends }: { backends: Backends }) {
  const { sam, tree, wanted, name } = backends;
  const treeNote = <PreparedNote what="Smart select" state={tree} meanwhile="Polygon and brush work meanwhile." />;
  if (sam.title === null || wanted === "regions") return treeNote;
  if (name === "model") return null;
  const meanwhile =
    tree.phase === "ready" ? "Regions, polygon and brush work meanwhile." : "Polygon and brush work meanwhile.";
  return <PreparedNote what={sam.title} state={sam.state} meanwhile={meanwhile} />;
}

const milliseconds = (ms: number) => `${Math.max(1, Math.round(ms))} ms`;

const HOMES = {
  "browser-wasm": { words: "in this browser", means: "WebAssembly in this browser" },
  "browser-webgpu": { words: "in this browser", means: "this browser's graphics processor" },
  server: { words: "on the server", means: "the server" },
} as const;

function tooltipOf({ using, browserMs, serverMs, reason }: HomeStatus): string {
  const sentences = [`Masks are made by ${HOMES[using].means}.`];
  if (browserMs !== null && serverMs !== null) {
    sentences.push(
      `Measured here: browser ${milliseconds(browserMs)}, server ${milliseconds(serverMs)}. The faster one is used.`,
    );
  } else if (reason === "") {
    sentences.push("The browser's own decoder is being loaded and measured.");
  }
  if (reason !== "") sentences.push(`The other one does not work: ${reason}`);
  sentences.push("If one fails, the other goes on.");
  return sentences.join(" ");
}

function HomeLine({ home }: { home: HomeStatus }) {
  const measured = home.using === "server" ? home.serverMs : home.browserMs;
  return (
    <p className="muted small regions-home" title={tooltipOf(home)}>
      <span>Decoded {HOMES[home.using].words}</span>
      {measured === null ? null : <span className="numeric">, {milliseconds(measured)}</span>}
    </p>
  );
}

/** Which backend selects; only where the study has a segmentation model. */
export function BackendChoice({ backends }: { backends: Backends }) {
  const { sam, name, wanted, choose } = backends;
  if (sam.title === null) return null;
  const choices = [
    { value: "model", title: sam.title, hint: "The study's segmentation model: clicks refine one mask" },
    { value: "regions", title: "Regions", hint: "Regions of the image by colour and edges: clicks add up" },
  ] as const;
  return (
    <fieldset className="regions-group">
      <legend>Select by</legend>
      {choices.map(({ value, title, hint }) => (
        <Button
          key={value}
          small
          className="regions-choice"
          aria-pressed={name === value}
          title={value === wanted && value !== name ? `${hint}. It is not ready yet` : `${hint} (R changes)`}
          onClick={() => choose(value)}
        >
          {title}
        </Button>
      ))}
      {name === "model" && sam.home !== null ? <HomeLine home={sam.home} /> : null}
    </fieldset>
  );
}

/** Which of the sizes under the pointer a click takes. */
export function RegionSize({ smart }: { smart: SmartSelect }) {
  const { shown, box } = smart;
  const choice = box === null ? (shown?.choice ?? null) : null;
  const words = () => {
    if (box !== null) return "Box";
    if (shown === null) return "Point at the image";
    if (choice === null) return "Own choice";
    return `Step ${choice.step + 1} of ${choice.count}${choice.step === choice.own ? ", own choice" : ""}`;
  };
  return (
    <fieldset className="regions-group">
      <legend>Size of the region</legend>
      <p className="numeric regions-step">
        {words()}
        <br />
        <output aria-label="Region under the pointer" aria-live="off">
          {shown !== null && shown.area > 0 ? pixels(shown.area) : "–"}
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
