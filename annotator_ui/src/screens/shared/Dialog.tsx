import { type ReactNode, useEffect, useId, useRef } from "react";

/**
 * A modal dialog. The browser keeps the focus inside and gives it back afterwards. Esc calls `onClose`; without
 * `onClose` the dialog stays until its owner closes it.
 */
export function Dialog({
  open,
  title,
  onClose,
  wide = false,
  footer,
  children,
}: {
  open: boolean;
  title: string;
  onClose?: () => void;
  wide?: boolean;
  footer?: ReactNode;
  children: ReactNode;
}) {
  const ref = useRef<HTMLDialogElement>(null);
  const titleId = useId();
  useEffect(() => {
    const dialog = ref.current;
    if (open && dialog && !dialog.open) dialog.showModal();
    return () => dialog?.close();
  }, [open]);
  if (!open) return null;
  return (
    <dialog
      ref={ref}
      className={wide ? "dialog dialog-wide" : "dialog"}
      aria-labelledby={titleId}
      onCancel={(event) => {
        event.preventDefault();
        onClose?.();
      }}
      // Shortcuts of the page below must not hear what is typed here.
      onKeyDown={(event) => event.stopPropagation()}
    >
      <h2 id={titleId}>{title}</h2>
      {children}
      {footer === undefined ? null : <div className="dialog-footer">{footer}</div>}
    </dialog>
  );
}
