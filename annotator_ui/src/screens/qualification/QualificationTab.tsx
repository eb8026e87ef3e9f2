import "./qualification.css";
import { useQuery } from "@tanstack/react-query";
import { api } from "../../api/client";
import type { QualificationRules, Study } from "../../api/types";
import { ErrorNote } from "../shared/ErrorNote";
import { Progress } from "../shared/Progress";
import { ItemsSection } from "./ItemsSection";
import { rulesKey } from "./keys";
import { PeopleSection } from "./PeopleSection";
import { RulesForm } from "./RulesForm";

/** What people do before they rate: the rules, the ROIs to learn on, and how far everybody is. */
export function QualificationTab({ study }: { study: Study }) {
  const rules = useQuery({
    queryKey: rulesKey(study.slug),
    queryFn: () => api.get<QualificationRules>(`studies/${study.slug}/qualification/rules/`),
  });
  if (rules.data === undefined) {
    return rules.error ? (
      <ErrorNote error={rules.error} onRetry={() => void rules.refetch()} />
    ) : (
      <Progress label="Reading what is asked" />
    );
  }
  return (
    <div className="stack">
      <RulesForm study={study} rules={rules.data} />
      <ItemsSection study={study} rules={rules.data} />
      <PeopleSection study={study} rules={rules.data} />
    </div>
  );
}
