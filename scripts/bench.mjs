// `npm run bench`: times training steps and adapters on a software adapter or a GPU.
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { HELP, readBenchOptions } from './lib/bench_options.mjs';
import { benchReport, benchTable } from './lib/bench_report.mjs';
import { buildIfStale } from './lib/build.mjs';
import { readBundled } from './lib/bundled.mjs';
import { runCommand } from './lib/command.mjs';
import { chooseLavapipe } from './lib/dawn.mjs';
import { setUp } from './lib/install.mjs';
import { BrowserFailure, runPage } from './lib/launch.mjs';
import { followSteps } from './lib/progress.mjs';
import { serve } from './lib/serve.mjs';
import { measureAll } from './lib/workload.mjs';

const BUNDLED = '../demo/public/models/prose-1.4M/';

/** @typedef {import('./lib/bench_options.mjs').BenchOptions} BenchOptions */
/** @typedef {import('./lib/workload.mjs').Measurements} Measurements */
/** @typedef {(done: number, total: number, what: string) => void} OnStep */
/**
 * @typedef {{ type: 'step', done: number, total: number, what: string }
 *   | { type: 'done', result: Measurements }
 *   | { type: 'error', error: { name?: string, message?: string } }} Report
 */

const path = (/** @type {string} */ relativePath) => fileURLToPath(new URL(relativePath, import.meta.url));

/**
 * In headless Chromium.
 * @param {BenchOptions} options
 * @param {OnStep} onStep
 */
async function measureInPage({ name, length, ranks, parts, tuned, adapter }, onStep) {
  const server = await serve({
    '/': { type: 'text/html; charset=utf-8', body: readFileSync(path('page/bench.html')) },
    '/scripts/': path('./'),
    '/dist/': path('../dist/'),
    '/bundled/': path(BUNDLED),
    '/job.json': { type: 'application/json', body: JSON.stringify({ name, length, ranks, parts, tuned }) },
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

/**
 * With Dawn in this process.
 * @param {BenchOptions} options
 * @param {OnStep} onStep
 */
async function measureInNode({ name, length, ranks, parts, tuned }, onStep) {
  chooseLavapipe();
  /** @type {typeof import('../src/node')} */
  const library = await import(new URL('../dist/node.js', import.meta.url).href);
  /** @type {typeof import('../src/bench')} */
  const bench = await import(new URL('../dist/bench.js', import.meta.url).href);
  const gpu = await library.openDawn();
  const session = /** @type {const} */ ({ worker: false, gpu });
  const bundled = () => readBundled((file) => readFile(path(`${BUNDLED}${file}`)));
  const job = { name, length, ranks, parts, tuned, bundled, gpu, session, onStep };
  const measurements = await measureAll(library, bench, job);
  return { engine: `Dawn in Node ${process.versions.node}`, measurements };
}

/**
 * Our training step and another's in turns, for each rank.
 * @param {import('./lib/bench_options.mjs').Rival} rival
 * @param {BenchOptions} options
 * @param {OnStep} onStep
 */
async function compareWith(rival, { name, adapter, ranks, rounds, json }, onStep) {
  const { compareInNode, compareInPage } = await import('../test/bench/compare.mjs');
  const { comparisonTable, rivalName } = await import('../test/bench/compare_report.mjs');
  const results = [];
  for (const r of ranks) {
    const job = { rival, name: /** @type {import('./lib/cases.mjs').OwnCaseName} */ (name), r, rounds };
    const onRound = (/** @type {number} */ done, /** @type {number} */ total) => onStep(done, total, `r ${r}`);
    onStep(0, rounds, `r ${r}`);
    const result =
      adapter === 'llvmpipe'
        ? await compareInNode(job, onRound)
        : await compareInPage(job, onRound, adapter === 'gpu' ? 'default' : 'software');
    results.push({ rival: rivalName(rival), ...result });
  }
  return json ? JSON.stringify(results, null, 2) : results.map(comparisonTable).join('\n\n');
}

await runCommand('bench', async () => {
  const options = readBenchOptions(process.argv.slice(2));
  if (options === 'help') {
    console.log(HELP);
    return;
  }
  if ('isa' in options) {
    const { runIsa } = await import('./lib/isa_run.mjs');
    console.log(await runIsa(options.isa));
    return;
  }
  const inNode = options.adapter === 'llvmpipe';
  await setUp([inNode ? 'lavapipe' : 'chrome']);
  buildIfStale();
  // Standard output is for the result alone.
  const { onStep, end } = followSteps(process.stderr);
  if (options.compare !== undefined) {
    console.log(await compareWith(options.compare, options, onStep).finally(end));
    return;
  }
  const measure = inNode ? measureInNode : measureInPage;
  const { engine, measurements } = await measure(options, onStep).finally(end);
  const report = benchReport({ ...options, engine }, measurements);
  console.log(options.json ? JSON.stringify(report, null, 2) : benchTable(report));
});
