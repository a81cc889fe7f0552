// The benchmark in headless Chromium.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { BUNDLED_MODEL } from './bench_places.mjs';
import { BrowserFailure, runPage } from './launch.mjs';
import { serve } from './serve.mjs';

export { compareInPage as compare } from '../../test/bench/compare_in_page.mjs';

/**
 * @typedef {{ type: 'step', done: number, total: number, what: string }
 *   | { type: 'done', result: import('./workload.mjs').Measurements }
 *   | { type: 'error', error: { name?: string, message?: string } }} Report
 */

const path = (/** @type {string} */ relativePath) => fileURLToPath(new URL(relativePath, import.meta.url));

/**
 * @param {import('./bench_options.mjs').BenchOptions} options
 * @param {(done: number, total: number, what: string) => void} onStep
 */
export async function measure({ name, length, ranks, parts, tuned, arithmetic, dtype, adapter }, onStep) {
  const job = { name, length, ranks, parts, tuned, arithmetic, dtype };
  const server = await serve({
    '/': { type: 'text/html; charset=utf-8', body: readFileSync(path('../page/bench.html')) },
    '/scripts/': path('../'),
    '/dist/': path('../../dist/'),
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
