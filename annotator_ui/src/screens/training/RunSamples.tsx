import type { RunSample } from "./types";

/** What the network said of some ROIs while it trained, newest first. */
export function RunSamples({ samples }: { samples: readonly RunSample[] }) {
  if (samples.length === 0) return null;
  return (
    <section className="card stack" aria-labelledby="samples">
      <h3 id="samples">Samples</h3>
      <ul className="plain-list samples">
        {samples.map((sample) => (
          <li key={JSON.stringify(sample)}>{JSON.stringify(sample)}</li>
        ))}
      </ul>
    </section>
  );
}
