import { useEffect, useState } from "react";
import { useBlocker } from "react-router";
import { Button } from "../shared/Button";
import { Dialog } from "../shared/Dialog";

/** Asks before unsaved work is left behind. It stays in this browser either way, until it is saved or discarded. */
export function LeaveGuard({ unsaved, onSave }: { unsaved: boolean; onSave: () => Promise<boolean> }) {
  const blocker = useBlocker(({ currentLocation, nextLocation }) => {
    return unsaved && currentLocation.pathname !== nextLocation.pathname;
  });
  const [saving, setSaving] = useState(false);
  useEffect(() => {
    if (!unsaved) return;
    const ask = (event: BeforeUnloadEvent) => event.preventDefault();
    window.addEventListener("beforeunload", ask);
    return () => window.removeEventListener("beforeunload", ask);
  }, [unsaved]);

  async function saveAndLeave() {
    setSaving(true);
    const saved = await onSave();
    setSaving(false);
    if (saved) blocker.proceed?.();
    else blocker.reset?.();
  }

  const blocked = blocker.state === "blocked";
  return (
    <Dialog
      open={blocked}
      title="This ROI is not saved"
      onClose={() => blocker.reset?.()}
      footer={
        <>
          <Button onClick={() => blocker.reset?.()}>Stay</Button>
          <Button onClick={() => blocker.proceed?.()}>Leave, keep it in this browser</Button>
          <Button variant="primary" busy={saving} onClick={() => void saveAndLeave()}>
            Save and go on
          </Button>
        </>
      }
    >
      <p>If you leave now, the ROI stays in this browser and comes back when you open the image again.</p>
    </Dialog>
  );
}
