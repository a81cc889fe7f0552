// Runs the benchmark in headless Chromium.
import { BrowserFailure, runPage } from '../../scripts/browsers/launch.mjs';
import { scriptPage, serve } from '../../scripts/browsers/serve.mjs';
import { inRepository } from '../../scripts/shared/paths.mjs';
import { BUNDLED_MODEL } from '../places.mjs';

export { compareInPage as compare } from '../compare/compare_in_page.mjs';

/**
 * @typedef {{ type: 'step', done: number, total: number, what: string }
 *   | { type: 'done', result: import('../workload/workload.mjs').Measurements }
 *   | { type: 'error', error: { name?: string, message?: string } }} Report
 */

/**
 * @param {import('../options/bench_options.mjs').BenchOptions} options
 * @param {(done: number, total: number, what: string) => void} onStep
 */
export async function measure({ name, length, ranks, parts, tuned, arithmetic, dtype, adapter }, onStep) {
  const job = { name, length, ranks, parts, tuned, arithmetic, dtype };
  const server = await serve({
    '/': scriptPage('/bench/engines/page.js'),
    '/bench/': inRepository('bench/'),
    '/scripts/': inRepository('scripts/'),
    '/dist/': inRepository('dist/'),
    '/bundled/': BUNDLED_MODEL,
    '/job.json': { type: 'application/json', body: JSON.stringify(job) },
  });
  let engine = '';
  const onReport = (/** @type {Report} */ report) => {
    if (report.type === 'step') onStep(report.done, report.total, report.what);
  };
  const onOpen = (/** @type {string} */ version) => {
    engine = version;
  };
  try {
    const choice = adapter === 'gpu' ? 'default' : 'software';
    const last = await runPage('chrome', `${server.url}/`, { adapter: choice, onOpen, onReport });
    if (last.type === 'error') throw new BrowserFailure(`${last.error.name}: ${last.error.message}`);
    if (last.type !== 'done') throw new Error(`unexpected report: ${last.type}`);
    return { engine, measurements: last.result };
  } finally {
    await server.close();
  }
}
