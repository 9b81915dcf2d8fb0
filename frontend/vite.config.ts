// Builds the scripts into the Python package. Entries are the files in src/ itself; what they share lies in folders.
import { readdirSync } from "node:fs";
import { defineConfig } from "vite";

const entries = readdirSync(new URL("./src", import.meta.url))
  .filter((name) => name.endsWith(".ts") && !name.endsWith(".test.ts") && !name.endsWith(".d.ts"))
  .map((name) => `src/${name}`);

export default defineConfig({
  base: "/static/built/",
  build: {
    outDir: "../src/peelian/site/static/built",
    emptyOutDir: true,
    manifest: "manifest.json",
    modulePreload: { polyfill: false },
    rolldownOptions: {
      input: entries,
      // The worker is served at the root under one name (site/server.py); all else is named by its content.
      output: { entryFileNames: (chunk) => (chunk.name === "worker" ? "worker.js" : "[name]-[hash].js") },
    },
  },
});
