import react from "@vitejs/plugin-react";
import { defaultClientConditions } from "vite";
import { defineConfig } from "vitest/config";
import { precompress } from "./precompress.ts";

const backend = process.env.ROIQA_BACKEND ?? "http://127.0.0.1:8000";

export default defineConfig(({ command }) => ({
  plugins: [react(), precompress()],
  // Without its own copy of the WebAssembly in the bundle: the files are built in once, under names of ours.
  resolve: { conditions: ["onnxruntime-web-use-extern-wasm", ...defaultClientConditions] },
  // Django serves the built files below /static/ui/ and index.html for every page of the app.
  base: command === "build" ? "/static/ui/" : "/",
  build: {
    // The Content-Security-Policy allows scripts and styles from our own origin only: nothing may be inlined.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    target: "es2022",
    sourcemap: false,
  },
  worker: { format: "es" },
  server: {
    proxy: Object.fromEntries(["/api", "/healthz", "/readyz"].map((path) => [path, { target: backend }])),
  },
  test: {
    include: ["tests/**/*.test.{ts,tsx}"],
    environment: "node",
    testTimeout: 10_000,
  },
}));
