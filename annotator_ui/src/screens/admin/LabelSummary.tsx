import "./rois.css";
import { DISTORTIONS, type Label } from "../../api/types";
import { IMPORTANCE_WORDS, QUALITY_WORDS, SEVERITY_WORDS } from "../../state/rating/scales";
import { Badge } from "../shared/Badge";
import { digits, intervalText } from "./figures";

/** A label at a glance: the quality word, the distortions that are there with their severity, and its flags. */
export function LabelSummary({ label }: { label: Label }) {
  const present = DISTORTIONS.flatMap((name) => {
    const level = label.distortions[name].level;
    return level === null ? [] : [{ name, level }];
  });
  return (
    <div className="label-summary">
      <div>
        <strong>{QUALITY_WORDS[label.quality.level]}</strong>{" "}
        <span className="muted small">
          quality <Sure score={label.quality} /> · {IMPORTANCE_WORDS[label.importance.level]} importance{" "}
          <Sure score={label.importance} />
        </span>
      </div>
      {label.clean ? (
        <span className="small">no visible distortion</span>
      ) : (
        <ul className="plain-list severities">
          {present.map(({ name, level }) => (
            <li key={name}>
              <SeverityDots level={level} /> {name} <span className="muted">{SEVERITY_WORDS[level]}</span>
            </li>
          ))}
        </ul>
      )}
      <div className="row">
        {label.tie ? (
          <Badge
            tone="warn"
            title="Exactly half of the raters saw one of the distortions: one more rater would settle it."
          >
            tie
          </Badge>
        ) : null}
        {label.contested_clean ? (
          <Badge
            tone="warn"
            title="Labelled clean, though at least 40 % of the raters saw one and the same distortion."
          >
            contested clean
          </Badge>
        ) : null}
      </div>
    </div>
  );
}

/** The mean, and how far its 95 % interval reaches to either side. */
function Sure({ score }: { score: Label["quality"] }) {
  return (
    <span title="The mean, 0 to 4, and its 95 % interval">{`${digits(score.mean)} (${intervalText(score.interval)})`}</span>
  );
}

/** Five dots, more of them filled the worse it is: extreme 5, trivial 1. The word stands beside them. */
function SeverityDots({ level }: { level: number }) {
  return (
    <span className="dots" aria-hidden="true">
      {[0, 1, 2, 3, 4].map((dot) => (
        <span key={dot} className={dot < 5 - level ? "dot dot-on" : "dot"} />
      ))}
    </span>
  );
}
