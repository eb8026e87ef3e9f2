import { defineConfig } from "vite";

/** Bundles the bridge for Node: `vite build --config bridge/vite.config.ts --outDir FOLDER` writes FOLDER/rle.mjs. */
export default defineConfig({
  publicDir: false,
  build: {
    ssr: "bridge/rle.ts",
    target: "node20",
    emptyOutDir: false,
    rollupOptions: { output: { entryFileNames: "[name].mjs" } },
  },
});
