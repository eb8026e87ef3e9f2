import { useMutation, useQuery } from "@tanstack/react-query";
import { api } from "../../api/client";
import type { QualificationRules, QualifiedPerson, Study } from "../../api/types";
import { studyKey, useRefreshStudy } from "../admin/useStudy";
import { formatDate } from "../admin/words";
import { Badge } from "../shared/Badge";
import { Button } from "../shared/Button";
import { ErrorNote } from "../shared/ErrorNote";
import { Progress } from "../shared/Progress";
import { type Column, Table } from "../shared/Table";

/** How far each annotator is. */
export function PeopleSection({ study, rules }: { study: Study; rules: QualificationRules }) {
  const refresh = useRefreshStudy(study.slug);
  const people = useQuery({
    queryKey: studyKey(study.slug, "qualified-people"),
    queryFn: () => api.get<QualifiedPerson[]>(`studies/${study.slug}/qualification/people/`),
  });
  const give = useMutation({
    mutationFn: (member: string) => api.post(`studies/${study.slug}/members/${member}/quiz-tries/`),
    onSuccess: refresh,
  });
  const asks = rules.ask_consent || rules.ask_viewing || rules.ask_training || rules.ask_quiz;
  const columns: Column<QualifiedPerson>[] = [
    { header: "Annotator", cell: ({ username }) => username },
    {
      header: "Consent",
      cell: ({ consent_version: version, consent_at: at }) =>
        at === null ? <Open asked={rules.ask_consent} /> : `version ${version}, ${formatDate(at)}`,
    },
    {
      header: "Screen",
      cell: ({ viewing_at: at, viewing_passed: passed, viewing_problems: problems }) =>
        at === null ? (
          <Open asked={rules.ask_viewing} />
        ) : (
          <span className="row">
            {formatDate(at)} {passed ? null : <Badge tone="warn">not passed</Badge>}
            {problems.length > 0 ? <span className="muted small">{problems.map(spoken).join(", ")}</span> : null}
          </span>
        ),
    },
    {
      header: "Training",
      cell: ({ trained_at: at }) => (at === null ? <Open asked={rules.ask_training} /> : formatDate(at)),
    },
    {
      header: "Quiz",
      cell: (person) => (
        <QuizCell
          person={person}
          asked={rules.ask_quiz}
          busy={give.isPending && give.variables === person.member}
          onGive={() => give.mutate(person.member)}
        />
      ),
    },
  ];
  return (
    <section className="card titled" aria-labelledby="people-title">
      <h2 id="people-title">How far everybody is</h2>
      {asks ? null : <p className="muted">Nothing is asked at present, so everybody can rate at once.</p>}
      {people.error ? <ErrorNote error={people.error} onRetry={() => void people.refetch()} /> : null}
      {give.error ? <ErrorNote error={give.error} /> : null}
      {people.isPending ? <Progress label="Reading the annotators" /> : null}
      {people.data ? (
        <Table
          caption="Annotators and the steps before rating"
          columns={columns}
          rows={people.data}
          rowKey={({ member }) => member}
          empty={<p className="muted">No annotator has joined yet.</p>}
        />
      ) : null}
    </section>
  );
}

const spoken = (code: string) => code.replace("_", " ");

function Open({ asked }: { asked: boolean }) {
  return <span className="muted">{asked ? "not yet" : "–"}</span>;
}

function QuizCell({
  person,
  asked,
  busy,
  onGive,
}: {
  person: QualifiedPerson;
  asked: boolean;
  busy: boolean;
  onGive: () => void;
}) {
  const { quiz_passed_at: at, quiz_percent: percent, tries_left: left } = person;
  const share = percent === null ? "" : `${Math.round(percent)} %`;
  if (at !== null) return `${share}, ${formatDate(at)}`;
  if (percent === null || !asked) return <Open asked={asked} />;
  return (
    <span className="row">
      <Badge tone="warn">{share}</Badge>
      {left > 0 ? (
        <span className="muted small">{left} tries left</span>
      ) : (
        <Button small busy={busy} onClick={onGive} aria-label={`Give ${person.username} new tries`}>
          Give new tries
        </Button>
      )}
    </span>
  );
}
