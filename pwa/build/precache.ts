// Builds each app's service worker after the pages, with the list of what that app needs offline.
// One classic script per scope, so that browsers without module workers run it too.
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { build, type Plugin, type Rolldown } from "vite";

type Bundle = Rolldown.OutputBundle;

/** What a worker is built with; see `src/shared/sw-cache.ts`. */
export interface Precache {
  scope: string;
  version: string;
  urls: string[];
}

export function serviceWorkers(root: string, apps: readonly string[]): Plugin {
  return {
    name: "ronda:service-workers",
    apply: "build",
    enforce: "post",
    async writeBundle(options, bundle) {
      for (const app of apps) await buildWorker(root, app, precache(root, options.dir!, app, bundle));
    },
  };
}

function precache(root: string, outDir: string, app: string, bundle: Bundle): Precache {
  const scope = `/${app}/`;
  const hashed = [...filesOf(app, bundle)].sort();
  const fixed = readdirSync(join(root, "public", app)).map((name) => `${app}/${name}`);
  const hash = createHash("sha256").update(hashed.join());
  for (const file of [...fixed, `${app}/index.html`]) hash.update(readFileSync(join(outDir, file)));
  const urls = [scope, ...[...hashed, ...fixed].map((file) => `/${file}`)];
  return { scope, version: hash.digest("hex").slice(0, 12), urls };
}

/** The scripts and styles that the app's page reaches, also those that it loads later. */
function filesOf(app: string, bundle: Bundle): Set<string> {
  const files = new Set<string>();
  const visit = (name: string): void => {
    const chunk = bundle[name];
    if (!chunk || chunk.type !== "chunk" || files.has(name)) return;
    files.add(name);
    for (const asset of chunk.viteMetadata?.importedCss ?? []) files.add(asset);
    for (const asset of chunk.viteMetadata?.importedAssets ?? []) files.add(asset);
    [...chunk.imports, ...chunk.dynamicImports].forEach(visit);
  };
  const entry = Object.values(bundle).find((it) => it.type === "chunk" && it.isEntry && it.name === app);
  if (!entry) throw new Error(`no page for ${app}`);
  visit(entry.fileName);
  return files;
}

async function buildWorker(root: string, app: string, list: Precache): Promise<void> {
  await build({
    root,
    configFile: false,
    publicDir: false,
    logLevel: "warn",
    define: { __PRECACHE__: JSON.stringify(list) },
    build: {
      target: "chrome90",
      emptyOutDir: false,
      outDir: "dist",
      rolldownOptions: {
        input: join(root, "src", app, "sw.ts"),
        output: { format: "iife", entryFileNames: `${app}/sw.js` },
      },
    },
  });
}
