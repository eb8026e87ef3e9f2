import "./labels.css";

const BAR = { width: 16, gap: 3, height: 34, text: 11 };

/** How many gave each answer: a bar each, with its number above. `paleLast`: the last answer is "nonexistent". */
export function VoteBars({
  votes,
  words,
  paleLast = false,
}: {
  votes: readonly number[];
  words: readonly string[];
  paleLast?: boolean;
}) {
  const most = Math.max(1, ...votes);
  const text = votes
    .map((n, index) => `${words[index] ?? "nonexistent"} ${n}`)
    .filter((_, index) => votes[index] !== 0)
    .join(", ");
  const height = BAR.height + BAR.text;
  return (
    <svg
      className="vote-bars"
      width={votes.length * (BAR.width + BAR.gap)}
      height={height}
      role="img"
      aria-label={`Votes: ${text}`}
    >
      <title>{text}</title>
      {votes.map((n, index) => {
        const tall = n === 0 ? 1 : Math.max(3, (n / most) * BAR.height);
        const x = index * (BAR.width + BAR.gap);
        const pale = n === 0 || (paleLast && index === votes.length - 1);
        return (
          <g key={words[index] ?? "nonexistent"}>
            <rect
              className={pale ? "chart-bar chart-bar-pale" : "chart-bar"}
              x={x}
              y={height - tall}
              width={BAR.width}
              height={tall}
            />
            {n === 0 ? null : (
              <text className="vote-count" x={x + BAR.width / 2} y={height - tall - 2} textAnchor="middle">
                {n}
              </text>
            )}
          </g>
        );
      })}
    </svg>
  );
}
