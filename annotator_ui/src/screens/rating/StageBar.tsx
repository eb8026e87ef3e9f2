import { Button } from "../shared/Button";
import { Kbd } from "../shared/Kbd";

export interface StageBarProps {
  /** Device pixels per image pixel; null until the stage has a size. */
  zoom: number | null;
  onZoom: (steps: 1 | -1) => void;
  outlineHidden: boolean;
  onHide: (hidden: boolean) => void;
  guideOpen: boolean;
  onGuide: () => void;
  onPause: () => void;
}

/** Controls of the image: zoom, outline, guide, pause. */
export function StageBar({ zoom, onZoom, outlineHidden, onHide, guideOpen, onGuide, onPause }: StageBarProps) {
  return (
    <div className="stage-bar" role="toolbar" aria-label="Image">
      <div className="stage-zoom">
        <Button small aria-label="Zoom out" aria-keyshortcuts="-" disabled={zoom === 1} onClick={() => onZoom(-1)}>
          <Kbd>−</Kbd>
        </Button>
        <output className="numeric" aria-label="Zoom">
          {zoom ?? 1}×
        </output>
        <Button small aria-label="Zoom in" aria-keyshortcuts="+" onClick={() => onZoom(1)}>
          <Kbd>+</Kbd>
        </Button>
      </div>
      <Button
        small
        aria-pressed={outlineHidden}
        aria-keyshortcuts="h"
        onPointerDown={() => onHide(true)}
        onPointerUp={() => onHide(false)}
        onPointerLeave={() => onHide(false)}
        onPointerCancel={() => onHide(false)}
        onContextMenu={(event) => event.preventDefault()}
        onClick={(event) => {
          // A click without a pointer (keyboard, screen reader) cannot be held: it switches.
          if (event.detail === 0) onHide(!outlineHidden);
        }}
      >
        <span>
          <span className="wide-only">Hold to hide</span> <span className="narrow-only">Hide</span> outline
        </span>
        <Kbd>H</Kbd>
      </Button>
      <span className="stage-bar-space" />
      <Button small aria-pressed={guideOpen} aria-keyshortcuts="g ?" onClick={onGuide}>
        Guide <Kbd>G</Kbd>
      </Button>
      <Button small aria-keyshortcuts="p" onClick={onPause}>
        Pause <Kbd>P</Kbd>
      </Button>
    </div>
  );
}
