// `npm run bench`: times training steps, generation and adapters, on a GPU or in software. In an archive that `npm run bench:pack` wrote,
// the launcher `bench` runs this script.

import { runCommand } from '../scripts/shared/command.mjs';
import { followSteps } from '../scripts/shared/progress.mjs';
import { comparisonTable, kindsTable, rivalName } from './compare/compare_report.mjs';
import { benchHelp, readBenchOptions } from './options/bench_options.mjs';
import { isPacked } from './places.mjs';
import { benchReport, benchTable } from './report/bench_report.mjs';

/** @typedef {import('./options/bench_options.mjs').BenchOptions} BenchOptions */
/** @typedef {typeof import('./engines/in_node.mjs') | typeof import('./engines/in_page.mjs')} Engine */

/**
 * Loads the engine (Node or Chromium) that has the chosen GPU adapter. In the repository, it first installs and builds what the engine
 * needs.
 * @param {BenchOptions} options
 * @returns {Promise<Engine>}
 */
async function openEngine({ adapter }) {
  const inNode = isPacked || adapter === 'llvmpipe';
  if (!isPacked) {
    const { setUp } = await import('../scripts/browsers/install.mjs');
    await setUp([inNode ? 'lavapipe' : 'chrome']);
    const { buildIfStale } = await import('../scripts/build/build_if_stale.mjs');
    buildIfStale();
  }
  return inNode ? import('./engines/in_node.mjs') : import('./engines/in_page.mjs');
}

/**
 * For each rank, compares this library's training step with that of a rival (another library or another build), or compares the steps of
 * all kinds of adapters. The steps run alternately. Returns the tables or the JSON to print.
 * @param {Engine} engine
 * @param {import('./options/bench_options.mjs').Rival} rival
 * @param {BenchOptions} options
 * @param {(done: number, total: number, what: string) => void} onStep
 */
async function compareWith(engine, rival, { name, adapter, ranks, rounds, json }, onStep) {
  const results = [];
  for (const r of ranks) {
    const job = { rival, name: /** @type {import('./workload/cases.mjs').OwnCaseName} */ (name), r, rounds, adapter };
    const onRound = (/** @type {number} */ done, /** @type {number} */ total) => onStep(done, total, `r ${r}`);
    onStep(0, rounds, `r ${r}`);
    results.push({ rival: rivalName(rival), ...(await engine.compare(job, onRound)) });
  }
  if (json) return JSON.stringify(results, null, 2);
  const tables = results.map(({ rival, engine, comparison }) =>
    'sides' in comparison ? kindsTable({ engine, comparison }) : comparisonTable({ rival, engine, comparison }),
  );
  return tables.join('\n\n');
}

await runCommand('bench', async () => {
  const options = readBenchOptions(process.argv.slice(2), isPacked);
  if (options === 'help') {
    console.log(benchHelp(isPacked));
    return;
  }
  if ('isa' in options) {
    const { runIsa } = await import('./isa/run_isa.mjs');
    console.log(await runIsa(options.isa));
    return;
  }
  if ('host' in options) {
    const { runHost } = await import('./host/run_host.mjs');
    console.log(await runHost(options.host));
    return;
  }
  const engine = await openEngine(options);
  // Standard output carries the result only, so progress goes to standard error.
  const { onStep, end } = followSteps(process.stderr);
  if (options.compare !== undefined) {
    console.log(await compareWith(engine, options.compare, options, onStep).finally(end));
    return;
  }
  const measured = await engine.measure(options, onStep).finally(end);
  const report = benchReport({ ...options, engine: measured.engine }, measured.measurements);
  console.log(options.json ? JSON.stringify(report, null, 2) : benchTable(report));
});
