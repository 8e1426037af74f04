// Three small apps in one build: dist/{petugas,paspor,kantor}/index.html, what they share under dist/assets/.
// Nothing is inlined: the server's Content-Security-Policy allows files of its own only.
import { svelte } from "@sveltejs/vite-plugin-svelte";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";
import { serviceWorkers } from "./build/precache.ts";

const root = fileURLToPath(new URL(".", import.meta.url));

export default defineConfig(({ mode }) => ({
  root,
  appType: "mpa",
  plugins: [svelte(), serviceWorkers(root, ["petugas", "paspor"])],
  resolve: mode === "test" ? { conditions: ["browser"] } : {},
  server: { proxy: { "/api": "http://127.0.0.1:8000" } },
  build: {
    target: "chrome90",
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    rolldownOptions: {
      input: {
        petugas: `${root}petugas/index.html`,
        paspor: `${root}paspor/index.html`,
        kantor: `${root}kantor/index.html`,
      },
    },
  },
  test: { testTimeout: 20_000, include: ["src/**/*.test.ts", "build/**/*.test.ts"] },
}));
