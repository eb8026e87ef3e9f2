import { useId } from "react";
import type { ROILevel } from "../../api/types";
import { LEVEL_WORDS } from "../../model/rois";
import { Kbd } from "../shared/Kbd";

const KEYS: Readonly<Record<ROILevel, string>> = { object: "O", component: "C" };
const LEVELS: readonly ROILevel[] = ["object", "component"];

/** Object or component, as two radio buttons. */
export function LevelChoice({
  level,
  legend,
  disabled = false,
  onLevel,
}: {
  level: ROILevel;
  legend: string;
  disabled?: boolean;
  onLevel: (level: ROILevel) => void;
}) {
  const name = useId();
  return (
    <fieldset className="level-choice" disabled={disabled}>
      <legend className="visually-hidden">{legend}</legend>
      {LEVELS.map((value) => (
        <label key={value}>
          <input type="radio" name={name} checked={level === value} onChange={() => onLevel(value)} />
          {LEVEL_WORDS[value]}
          <span aria-hidden="true">
            <Kbd>{KEYS[value]}</Kbd>
          </span>
        </label>
      ))}
    </fieldset>
  );
}
