import { useQuery } from "@tanstack/react-query";
import { useState, useSyncExternalStore } from "react";
import { api } from "../../api/client";
import { ApiError } from "../../api/errors";
import type { Completion } from "../../api/types";
import type { RatingSession } from "../../state/rating/session";
import { CopyButton } from "../admin/CopyButton";
import { Button } from "../shared/Button";
import { Dialog } from "../shared/Dialog";

/** How much of the work of a crowd platform is done; null for everybody who did not come by one. */
export function useCompletion(slug: string, rated: number) {
  return useQuery({
    queryKey: ["study", slug, "completion", rated],
    queryFn: async () => {
      try {
        return await api.post<Completion>(`studies/${slug}/completion/`);
      } catch (error) {
        if (error instanceof ApiError && error.status === 404) return null;
        throw error;
      }
    },
    placeholderData: (before) => before,
  });
}

/** The code for people of crowd platforms, once they have rated enough. */
export function CrowdDone({ slug, session }: { slug: string; session: RatingSession }) {
  const state = useSyncExternalStore(session.subscribe, session.getState);
  // The server counts what has arrived there, which may be less than what was sent from here.
  const completion = useCompletion(slug, state.progress?.rated ?? 0).data;
  const [closed, setClosed] = useState(false);
  if (!completion || completion.code === null || closed) return null;
  return (
    <Dialog
      open
      title="You have done what was asked"
      onClose={() => setClosed(true)}
      footer={<Button onClick={() => setClosed(true)}>Go on rating</Button>}
    >
      <CompletionCode completion={completion} />
    </Dialog>
  );
}

export function CompletionCode({ completion }: { completion: Completion }) {
  const { rated, code, url } = completion;
  return (
    <>
      <p>
        You have rated {rated} regions. Thank you! Give this code to the platform that sent you, so that you are paid:
      </p>
      <p className="row">
        <strong className="mono">{code}</strong>
        <CopyButton text={code ?? ""} label="Copy the code" />
      </p>
      {url === null ? null : (
        <p>
          <a className="button button-primary" href={url}>
            Return to the platform
          </a>
        </p>
      )}
    </>
  );
}
