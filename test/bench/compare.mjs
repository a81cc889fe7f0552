// Our training step against a peer's, or that of another build of ours, on this machine, in turns: what `npm run bench -- --compare` shows.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { chooseLavapipe } from '../../scripts/lib/dawn.mjs';
import { openPage } from '../../scripts/lib/launch.mjs';
import { serve } from '../../scripts/lib/serve.mjs';
import { stepOfBuild } from './build_step.mjs';
import { bundle, importBundled } from './bundle.mjs';
import { compare } from './compare_run.mjs';
import { cpuSecondsOfTree } from './cpu_time.mjs';

/** @typedef {import('./compare_run.mjs').Comparison} Comparison */
/** @typedef {import('./compare_report.mjs').Rival} Rival */
/** @typedef {{ rival: Rival, name: import('./problem.mjs').CaseName, r: number, rounds: number }} Job */
/** @typedef {(done: number, total: number) => void} OnRound */

const path = (/** @type {string} */ relativePath) => fileURLToPath(new URL(relativePath, import.meta.url));

/**
 * With Dawn in this process, which from now on has a `navigator.gpu`.
 * @param {Job} job
 * @param {OnRound} [onRound]
 * @returns {Promise<{ engine: string, comparison: Comparison }>}
 */
export async function compareInNode({ rival, ...job }, onRound) {
  // A first step is one that nobody has compiled before.
  process.env.MESA_SHADER_CACHE_DISABLE = 'true';
  chooseLavapipe();
  /** @type {typeof import('../../src/node')} */
  const library = await import(new URL('../../dist/node.js', import.meta.url).href);
  const gpu = await library.openDawn({ globals: true });
  Object.defineProperty(globalThis, 'navigator', { value: { gpu, userAgent: 'Node' }, configurable: true });

  const createStep =
    typeof rival === 'string'
      ? /** @type {import('./compare_run.mjs').CreateStep} */ ((await importBundled(`${rival}_step.mjs`)).createStep)
      : await stepOfBuild(pathToFileURL(join(rival.build, 'node.js')).href);
  const cpuSeconds = () => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1e6;
  };
  const comparison = await compare(library, gpu, createStep, { ...job, cpuSeconds, ...(onRound && { onRound }) });
  return { engine: `Dawn in Node ${process.versions.node}`, comparison };
}

/**
 * In headless Chromium. CPU time is that of all its processes.
 * @param {Job} job
 * @param {OnRound} [onRound]
 * @param {'software' | 'default'} [adapter]
 * @returns {Promise<{ engine: string, comparison: Comparison }>}
 */
export async function compareInPage({ rival, ...job }, onRound, adapter = 'software') {
  const server = await serve({
    '/': { type: 'text/html; charset=utf-8', body: readFileSync(path('compare.html')) },
    ...(typeof rival === 'string'
      ? { '/peer.js': { type: 'text/javascript; charset=utf-8', body: await bundle(`${rival}_step.mjs`, 'page') } }
      : { '/build/': rival.build }),
    '/test/bench/': path('./'),
    '/scripts/': path('../../scripts/'),
    '/dist/': path('../../dist/'),
  });
  try {
    const { page, version, close } = await openPage('chrome', server.url, { adapter });
    try {
      const root = page.browser().process()?.pid;
      await page.exposeFunction('cpuSeconds', () => (root === undefined ? Number.NaN : cpuSecondsOfTree(root)));
      await page.exposeFunction('onRound', (/** @type {number} */ done, /** @type {number} */ total) =>
        onRound?.(done, total),
      );
      await page.goto(`${server.url}/`);
      await page.waitForFunction(() => typeof window.compareSteps === 'function');
      const given = {
        ...job,
        rival: typeof rival === 'string' ? /** @type {const} */ ('peer') : /** @type {const} */ ('build'),
      };
      const comparison = await page.evaluate((given) => window.compareSteps(given), given);
      return { engine: version, comparison };
    } finally {
      await close();
    }
  } finally {
    await server.close();
  }
}
