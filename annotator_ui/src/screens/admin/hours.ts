export interface Hour {
  start: Date;
  count: number;
}

const HOUR_MS = 3_600_000;

/** The last `length` hours up to the present one, oldest first; hours that the server left out have no ratings. */
export function hoursUpTo(
  now: Date,
  counted: readonly { hour: string; count: number }[],
  length = 48,
): readonly Hour[] {
  const last = Math.floor(now.getTime() / HOUR_MS);
  const counts = new Map(counted.map(({ hour, count }) => [Math.floor(new Date(hour).getTime() / HOUR_MS), count]));
  return Array.from({ length }, (_, index) => {
    const hour = last - length + 1 + index;
    return { start: new Date(hour * HOUR_MS), count: counts.get(hour) ?? 0 };
  });
}

/** A round number at or above `value` for the top of an axis: 1, 2, 3, 4, 5, 6, 8, 10, 20, 30, ... */
export function axisTop(value: number): number {
  for (let scale = 1; ; scale *= 10) {
    for (const step of [1, 2, 3, 4, 5, 6, 8]) if (step * scale >= value) return step * scale;
  }
}
