import { createContext, type ReactNode, useCallback, useContext, useRef, useState } from "react";
import { Button } from "./Button";

export interface ToastMessage {
  text: string;
  tone?: "neutral" | "ok" | "error";
  action?: { label: string; onAction: () => void };
  /** How long it stays; 5 s, or 10 s when there is something to click. */
  durationMs?: number;
}

interface Shown extends ToastMessage {
  id: number;
}

const ToastContext = createContext<(message: ToastMessage) => void>(() => undefined);

/** Shows short messages at the edge of the page and reads them out politely. */
export function ToastProvider({ children }: { children: ReactNode }) {
  const [shown, setShown] = useState<Shown[]>([]);
  const nextId = useRef(0);
  const dismiss = useCallback((id: number) => setShown((all) => all.filter((toast) => toast.id !== id)), []);
  const show = useCallback(
    (message: ToastMessage) => {
      const id = nextId.current++;
      setShown((all) => [...all.slice(-2), { ...message, id }]);
      setTimeout(() => dismiss(id), message.durationMs ?? (message.action ? 10_000 : 5_000));
    },
    [dismiss],
  );
  return (
    <ToastContext value={show}>
      {children}
      <div className="toasts" role="status" aria-live="polite">
        {shown.map(({ id, text, tone = "neutral", action }) => (
          <div key={id} className={`toast toast-${tone}`}>
            <span>{text}</span>
            {action ? (
              <Button
                small
                onClick={() => {
                  dismiss(id);
                  action.onAction();
                }}
              >
                {action.label}
              </Button>
            ) : null}
          </div>
        ))}
      </div>
    </ToastContext>
  );
}

/** `const toast = useToast(); toast({ text: "Saved." })` */
export function useToast(): (message: ToastMessage) => void {
  return useContext(ToastContext);
}
