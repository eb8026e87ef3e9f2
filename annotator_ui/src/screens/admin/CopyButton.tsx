import { useState } from "react";
import { Button } from "../shared/Button";
import { useToast } from "../shared/Toast";

/** Copies a text; says so, or that the browser does not allow it (plain HTTP on another host). */
export function CopyButton({ text, label = "Copy" }: { text: string; label?: string }) {
  const [copied, setCopied] = useState(false);
  const toast = useToast();

  async function copy() {
    try {
      await navigator.clipboard.writeText(text);
      setCopied(true);
      setTimeout(() => setCopied(false), 2_000);
    } catch {
      toast({ text: "The browser does not let this page copy. Select the text and copy it by hand.", tone: "error" });
    }
  }

  return (
    <Button small aria-label={label} onClick={() => void copy()}>
      {copied ? "Copied" : "Copy"}
    </Button>
  );
}
