import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { api } from "../../api/client";
import type { Study } from "../../api/types";
import { Button } from "../shared/Button";
import { Dialog } from "../shared/Dialog";
import { errorText } from "../shared/ErrorNote";
import { useToast } from "../shared/Toast";
import { ExcludeDialog } from "./ExcludeDialog";
import { useRefreshStudy } from "./useStudy";
import { VoteEffectView } from "./VoteEffectView";

/** The way to leave an annotator's votes out of the labels, and to take them in again after seeing what that changes. */
export function ExclusionControl({
  study,
  annotator,
}: {
  study: Study;
  annotator: { member: string; username: string; excluded_at: string | null };
}) {
  const [open, setOpen] = useState(false);
  const refresh = useRefreshStudy(study.slug);
  const toast = useToast();
  const { member, username } = annotator;
  const include = useMutation({
    mutationFn: () => api.post(`studies/${study.slug}/members/${member}/include/`, {}),
    onSuccess: () => {
      toast({ text: `The votes of ${username} count again.`, tone: "ok" });
      setOpen(false);
    },
    onError: (error) => toast({ text: errorText(error), tone: "error" }),
    onSettled: refresh,
  });
  const excluded = annotator.excluded_at !== null;
  return (
    <>
      <Button
        small
        aria-label={excluded ? `Include ${username} again` : `Exclude ${username}`}
        onClick={() => setOpen(true)}
      >
        {excluded ? "Include…" : "Exclude…"}
      </Button>
      {open && !excluded ? <ExcludeDialog study={study} annotator={annotator} onClose={() => setOpen(false)} /> : null}
      {open && excluded ? (
        <Dialog
          open
          wide
          title={`Include ${username} again`}
          onClose={() => setOpen(false)}
          footer={
            <>
              <Button onClick={() => setOpen(false)}>Cancel</Button>
              <Button variant="primary" busy={include.isPending} onClick={() => include.mutate()}>
                Include
              </Button>
            </>
          }
        >
          <p>Their votes would count again, and the labels of every ROI they rated would be made with them.</p>
          <VoteEffectView study={study} member={member} />
        </Dialog>
      ) : null}
    </>
  );
}
