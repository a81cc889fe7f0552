// Compares this library's training step with that of another library or another build, in headless Chromium.
import { openPage } from '../../scripts/browsers/launch.mjs';
import { scriptPage, serve } from '../../scripts/browsers/serve.mjs';
import { inRepository } from '../../scripts/shared/paths.mjs';
import { bundle } from '../peers/bundle.mjs';
import { cpuSecondsOfTree } from './cpu_time.mjs';

/** @typedef {import('./compare_in_node.mjs').Job} Job */
/** @typedef {import('./compare_in_node.mjs').OnRound} OnRound */

/**
 * Runs a comparison in a page of a new browser. The CPU time is summed over all of the browser's processes.
 * @param {Job} job
 * @param {OnRound} [onRound]
 * @returns {Promise<{ engine: string, comparison: import('./compare_in_node.mjs').AnyComparison }>}
 */
export async function compareInPage({ rival, adapter, ...job }, onRound) {
  const peer = rival === 'kinds' ? 'jax' : rival;
  const server = await serve({
    '/': scriptPage('/bench/compare/page.mjs'),
    ...(typeof peer === 'string'
      ? { '/peer.js': { type: 'text/javascript; charset=utf-8', body: await bundle(`${peer}_step.mjs`, 'page') } }
      : { '/build/': peer.build }),
    '/bench/': inRepository('bench/'),
    '/scripts/': inRepository('scripts/'),
    '/dist/': inRepository('dist/'),
  });
  try {
    const { page, version, close } = await openPage('chrome', server.url, {
      adapter: adapter === 'gpu' ? 'default' : 'software',
    });
    try {
      const root = page.browser().process()?.pid;
      await page.exposeFunction('cpuSeconds', () => (root === undefined ? Number.NaN : cpuSecondsOfTree(root)));
      await page.exposeFunction('onRound', (/** @type {number} */ done, /** @type {number} */ total) =>
        onRound?.(done, total),
      );
      await page.goto(`${server.url}/`);
      await page.waitForFunction(() => typeof window.compareSteps === 'function');
      const given = { ...job, rival: inPage(rival) };
      const comparison = await page.evaluate((given) => window.compareSteps(given), given);
      return { engine: version, comparison };
    } finally {
      await close();
    }
  } finally {
    await server.close();
  }
}

/**
 * @param {Job['rival']} rival
 * @returns {'peer' | 'kinds' | 'build'}
 */
function inPage(rival) {
  if (typeof rival !== 'string') return 'build';
  return rival === 'kinds' ? 'kinds' : 'peer';
}
