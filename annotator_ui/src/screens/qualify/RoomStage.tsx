import { type FormEvent, useState } from "react";
import { Button } from "../shared/Button";
import { ErrorNote } from "../shared/ErrorNote";
import { Field } from "../shared/Field";

/** Two things that no browser can tell. Both may be left open. */
export function RoomStage({
  busy,
  error,
  onDone,
}: {
  busy: boolean;
  error: unknown;
  onDone: (room: { distance_cm: number | null; room: string | null }) => void;
}) {
  const [distance, setDistance] = useState("");
  const [room, setRoom] = useState("");

  function submit(event: FormEvent) {
    event.preventDefault();
    onDone({ distance_cm: distance === "" ? null : Number(distance), room: room === "" ? null : room });
  }

  return (
    <form className="qualify-card" onSubmit={submit} aria-labelledby="room-title">
      <h2 id="room-title">Where you sit</h2>
      <Field label="Distance of your eyes from the screen in cm" hint="About an arm's length is 60. May be left open.">
        {(control) => (
          <input
            {...control}
            className="input"
            type="number"
            inputMode="numeric"
            min={10}
            max={500}
            value={distance}
            onChange={(event) => setDistance(event.target.value)}
          />
        )}
      </Field>
      <Field label="Light in the room">
        {(control) => (
          <select {...control} className="input" value={room} onChange={(event) => setRoom(event.target.value)}>
            <option value="">I would rather not say</option>
            <option value="dark">Dark</option>
            <option value="dim">Like a living room in the evening</option>
            <option value="bright">Bright, like an office by day</option>
          </select>
        )}
      </Field>
      {error ? <ErrorNote error={error} /> : null}
      <Button type="submit" variant="primary" busy={busy}>
        Finish the check
      </Button>
    </form>
  );
}
