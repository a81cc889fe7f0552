import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';
import { asPublished } from '../scripts/build/as_published.mjs';
import { partials } from '../scripts/build/html_partials.mjs';
import { bareShaders, workerOnly } from '../scripts/build/plugins.mjs';
import { offlineFiles } from '../scripts/site/offline_files.mjs';

const path = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url));

const PAGES = ['index', 'classify', 'images', 'bench', 'gallery'];

export default defineConfig({
  root: path('.'),
  // Relative addresses let the built demo work in any folder of any site.
  base: './',
  // `webvera/bench` comes first, because `webvera` is a prefix of it and would match too.
  resolve: { alias: { 'webvera/bench': path('../bench/index.ts'), webvera: path('../src/index.ts') } },
  server: { fs: { allow: [path('..')] } },
  // Without this list, the development server discovers these packages one by one at the first load, and reloads the page.
  optimizeDeps: { include: ['@huggingface/tokenizers', 'comlink', 'fflate', 'idb-keyval', 'uplot'] },
  plugins: [partials(path('partials/')), workerOnly(), asPublished(), offlineFiles('sw.js')],
  worker: { format: 'es', plugins: () => [bareShaders()] },
  build: {
    outDir: 'dist',
    emptyOutDir: true,
    target: 'es2022',
    // Inlined assets would need a looser Content Security Policy than the page has.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: {
      input: [...PAGES.map((name) => path(`${name}.html`)), path('src/offline/service_worker.ts')],
      output: {
        // A service worker controls the folder that its script is in, and browsers update it at the same address.
        entryFileNames: ({ name }) => (name === 'service_worker' ? 'sw.js' : 'assets/[name]-[hash].js'),
      },
    },
  },
});
