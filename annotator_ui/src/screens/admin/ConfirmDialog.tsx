import { useMutation } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { Button } from "../shared/Button";
import { Dialog } from "../shared/Dialog";
import { ErrorNote } from "../shared/ErrorNote";

/** Asks before something that is hard to take back; stays open with the reason when the server refuses. */
export function ConfirmDialog({
  title,
  action,
  danger = false,
  onConfirm,
  onClose,
  children,
}: {
  title: string;
  /** The verb on the button. */
  action: string;
  danger?: boolean;
  onConfirm: () => Promise<unknown>;
  onClose: () => void;
  children: ReactNode;
}) {
  const confirm = useMutation({ mutationFn: onConfirm, onSuccess: onClose });
  return (
    <Dialog
      open
      title={title}
      onClose={onClose}
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button variant={danger ? "danger" : "primary"} busy={confirm.isPending} onClick={() => confirm.mutate()}>
            {action}
          </Button>
        </>
      }
    >
      {children}
      {confirm.error ? <ErrorNote error={confirm.error} /> : null}
    </Dialog>
  );
}
