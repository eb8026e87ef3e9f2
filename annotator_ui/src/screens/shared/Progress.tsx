import { useId } from "react";

/** A labelled bar; without `value` it only says that something is under way. */
export function Progress({ label, value, max = 1 }: { label: string; value?: number; max?: number }) {
  const id = useId();
  return (
    <div className="progress">
      <label htmlFor={id}>{label}</label>
      {value === undefined ? <progress id={id} /> : <progress id={id} value={value} max={max} />}
    </div>
  );
}
