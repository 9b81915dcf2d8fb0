// Builds the scripts into the Python package. Entries are the files in src/ itself; what they share lies in folders.
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { type Plugin, defineConfig } from "vite";

const entries = readdirSync(new URL("./src", import.meta.url))
  .filter((name) => name.endsWith(".ts") && !name.endsWith(".test.ts") && !name.endsWith(".d.ts"))
  .map((name) => `src/${name}`);

/** Lays a packed copy beside every script and style sheet: the server hands out what a browser takes. */
const packed: Plugin = {
  name: "packed",
  apply: "build",
  writeBundle({ dir }, bundle) {
    for (const name of Object.keys(bundle).filter((file) => /\.(js|mjs|css)$/.test(file))) {
      const plain = readFileSync(`${dir}/${name}`);
      writeFileSync(`${dir}/${name}.gz`, gzipSync(plain, { level: 9 }));
      writeFileSync(`${dir}/${name}.br`, brotliCompressSync(plain));
    }
  },
};

export default defineConfig({
  plugins: [packed],
  base: "/static/built/",
  build: {
    outDir: "../src/peelian/site/static/built",
    emptyOutDir: true,
    manifest: "manifest.json",
    modulePreload: { polyfill: false },
    // MapLibre is one piece of 1.1 MB (293 kB packed), loaded only once a map is seen.
    chunkSizeWarningLimit: 1200,
    rolldownOptions: {
      input: entries,
      // The worker is served at the root under one name (site/server.py); all else is named by its content.
      output: { entryFileNames: (chunk) => (chunk.name === "worker" ? "worker.js" : "[name]-[hash].js") },
    },
  },
});
