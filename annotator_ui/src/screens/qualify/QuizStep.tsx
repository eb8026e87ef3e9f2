import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api } from "../../api/client";
import { ApiError } from "../../api/errors";
import type { Levels, Quiz } from "../../api/types";
import { Button, ButtonLink } from "../shared/Button";
import { ErrorNote } from "../shared/ErrorNote";
import { Progress } from "../shared/Progress";
import { ItemDesk } from "./ItemDesk";

const quizKey = (slug: string) => ["study", slug, "quiz"] as const;

/** The examination: a row of ROIs without any feedback, then passed or not. */
export function QuizStep({ slug, onDone }: { slug: string; onDone: () => Promise<void> }) {
  const queries = useQueryClient();
  const quiz = useQuery({
    queryKey: quizKey(slug),
    queryFn: () => api.get<Quiz>(`studies/${slug}/quiz/`),
    staleTime: 0,
  });
  /** The try that the person has begun in this page; null while something is to be read first. */
  const [begun, setBegun] = useState<number | null>(null);
  const answer = useMutation({
    mutationFn: ({ item, levels }: { item: string; levels: Levels }) =>
      api.post<Quiz>(`studies/${slug}/quiz/${item}/`, levels),
    onSuccess: async (after) => {
      queries.setQueryData(quizKey(slug), after);
      if (after.passed) await onDone();
    },
  });
  if (quiz.error instanceof ApiError && quiz.error.code === "no_tries_left")
    return <NoTries text={quiz.error.message} />;
  if (quiz.data === undefined) {
    return (
      <div className="qualify-card">
        {quiz.error ? (
          <ErrorNote error={quiz.error} onRetry={() => void quiz.refetch()} />
        ) : (
          <Progress label="Opening the quiz" />
        )}
      </div>
    );
  }
  const { items, number, tries_left: left, pass_percent: mark, last_percent: percent } = quiz.data;
  if (left === 0) {
    return (
      <NoTries
        text={`You had ${Math.round(percent ?? 0)} % right; ${mark} % are needed, and your tries are used up.`}
      />
    );
  }
  const open = items.find(({ answered }) => !answered);
  if (begun !== number || open === undefined) {
    const done = items.filter(({ answered }) => answered).length;
    return (
      <section className="qualify-card">
        <h2>{number > 1 && percent !== null ? "Not passed this time" : "A short quiz"}</h2>
        {number > 1 && percent !== null ? (
          <p>
            You had {Math.round(percent)} % of the regions right; {mark} % are needed.
          </p>
        ) : null}
        <p>
          {items.length} regions, rated as you will rate later. One level more or less is right; what plainly disturbs
          must be found. You need {mark} % of the regions right and have {left} {left === 1 ? "try" : "tries"}. Single
          answers are not explained.
        </p>
        <Button variant="primary" onClick={() => setBegun(number)}>
          {done > 0 ? "Go on with the quiz" : number > 1 ? "Try again" : "Begin the quiz"}
        </Button>
      </section>
    );
  }
  const done = items.filter(({ answered }) => answered).length;
  return (
    <ItemDesk
      key={`${number} ${open.id}`}
      item={open}
      title="Quiz"
      progress={`${done + 1} of ${items.length}`}
      action={done + 1 === items.length ? "Finish the quiz" : "Next region"}
      busy={answer.isPending}
      feedback={null}
      note={answer.error ? <ErrorNote error={answer.error} /> : null}
      onAnswer={(levels) => answer.mutate({ item: open.id, levels })}
      onNext={() => undefined}
    />
  );
}

function NoTries({ text }: { text: string }) {
  return (
    <section className="qualify-card">
      <h2>The quiz was not passed</h2>
      <p>{text}</p>
      <p>The study's admins can give you further tries. Thank you for the time you have given.</p>
      <ButtonLink to="/">To the studies</ButtonLink>
    </section>
  );
}
