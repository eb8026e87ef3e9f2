import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api } from "../../api/client";
import type { CrowdLink, Study } from "../../api/types";
import { CopyButton } from "../admin/CopyButton";
import { formatDate } from "../admin/words";
import { Badge } from "../shared/Badge";
import { Button } from "../shared/Button";
import { ErrorNote } from "../shared/ErrorNote";
import { CrowdLinkDialog } from "./CrowdLinkDialog";
import "./qualification.css";
import { crowdKey } from "./keys";

/** Entries for people of crowd platforms, their progress and the payment list. */
export function CrowdSection({ study }: { study: Study }) {
  const [making, setMaking] = useState(false);
  const links = useQuery({
    queryKey: crowdKey(study.slug),
    queryFn: () => api.get<CrowdLink[]>(`studies/${study.slug}/crowd-links/`),
  });
  return (
    <section className="card titled" aria-labelledby="crowd-title">
      <div className="row row-between">
        <h2 id="crowd-title">Crowd platforms</h2>
        <Button onClick={() => setMaking(true)}>New entry link</Button>
      </div>
      <p className="muted">
        People of Prolific, Mechanical Turk and the like come in without an account and get a code when they have rated
        enough. The platform's ids are kept apart from the ratings, appear in no export, and are deleted on a day that
        you choose.
      </p>
      {links.error ? <ErrorNote error={links.error} onRetry={() => void links.refetch()} /> : null}
      <ul className="plain-list stack">
        {links.data?.map((link) => (
          <LinkCard key={link.id} study={study} link={link} />
        ))}
      </ul>
      {making ? <CrowdLinkDialog study={study} onClose={() => setMaking(false)} /> : null}
    </section>
  );
}

function LinkCard({ study, link }: { study: Study; link: CrowdLink }) {
  const queries = useQueryClient();
  const path = `studies/${study.slug}/crowd-links/${link.id}/`;
  const close = useMutation({
    mutationFn: (closed: boolean) => api.patch<CrowdLink>(path, { closed }),
    onSuccess: () => queries.invalidateQueries({ queryKey: crowdKey(study.slug) }),
  });
  const pay = useMutation({
    mutationFn: () => api.post<string>(`${path}payments/`),
    onSuccess: (csv) => download(csv, `payments-${study.slug}-${link.name.replace(/[^\w-]+/g, "-")}.csv`),
  });
  const error = close.error ?? pay.error;
  return (
    <li className="crowd-link">
      <div className="row row-between">
        <span className="row">
          <strong>{link.name}</strong>
          {link.purged_at !== null ? (
            <Badge>ids deleted</Badge>
          ) : link.closed_at !== null ? (
            <Badge tone="warn">closed</Badge>
          ) : (
            <Badge tone="ok">open</Badge>
          )}
        </span>
        <span className="muted small numeric">
          {link.people} came · {link.completed} of them done with {link.rois_wanted} ROIs · ids until{" "}
          {formatDate(link.purge_on)}
        </span>
      </div>
      <div className="copy-line">
        <input className="input mono" readOnly aria-label={`Address of ${link.name}`} value={link.url} />
        <CopyButton text={link.url} label={`Copy the address of ${link.name}`} />
      </div>
      <p className="row">
        <span>
          Completion code <span className="mono">{link.completion_code}</span>
        </span>
        <Button small busy={pay.isPending} disabled={link.purged_at !== null} onClick={() => pay.mutate()}>
          Payment list (CSV)
        </Button>
        {link.purged_at === null ? (
          <Button small busy={close.isPending} onClick={() => close.mutate(link.closed_at === null)}>
            {link.closed_at === null ? "Let nobody new in" : "Open again"}
          </Button>
        ) : null}
      </p>
      {error ? <ErrorNote error={error} /> : null}
    </li>
  );
}

function download(text: string, name: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: "text/csv" }));
  const anchor = document.createElement("a");
  anchor.href = url;
  anchor.download = name;
  anchor.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
