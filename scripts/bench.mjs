// `npm run bench`: times training steps and adapters on a software adapter or a GPU. `bench` in an archive of `npm run bench:pack`
// is the same script.
import { comparisonTable, rivalName } from '../test/bench/compare_report.mjs';
import { benchHelp, readBenchOptions } from './lib/bench_options.mjs';
import { isPacked } from './lib/bench_places.mjs';
import { benchReport, benchTable } from './lib/bench_report.mjs';
import { runCommand } from './lib/command.mjs';
import { followSteps } from './lib/progress.mjs';

/** @typedef {import('./lib/bench_options.mjs').BenchOptions} BenchOptions */
/** @typedef {typeof import('./lib/bench_in_node.mjs') | typeof import('./lib/bench_in_page.mjs')} Engine */

/**
 * What the adapter runs in, with all that it needs.
 * @param {BenchOptions} options
 * @returns {Promise<Engine>}
 */
async function openEngine({ adapter }) {
  const inNode = isPacked || adapter === 'llvmpipe';
  if (!isPacked) {
    const { setUp } = await import('./lib/install.mjs');
    await setUp([inNode ? 'lavapipe' : 'chrome']);
    const { buildIfStale } = await import('./lib/build.mjs');
    buildIfStale();
  }
  return inNode ? import('./lib/bench_in_node.mjs') : import('./lib/bench_in_page.mjs');
}

/**
 * Our training step and another's in turns, for each rank.
 * @param {Engine} engine
 * @param {import('./lib/bench_options.mjs').Rival} rival
 * @param {BenchOptions} options
 * @param {(done: number, total: number, what: string) => void} onStep
 */
async function compareWith(engine, rival, { name, adapter, ranks, rounds, json }, onStep) {
  const results = [];
  for (const r of ranks) {
    const job = { rival, name: /** @type {import('./lib/cases.mjs').OwnCaseName} */ (name), r, rounds, adapter };
    const onRound = (/** @type {number} */ done, /** @type {number} */ total) => onStep(done, total, `r ${r}`);
    onStep(0, rounds, `r ${r}`);
    results.push({ rival: rivalName(rival), ...(await engine.compare(job, onRound)) });
  }
  return json ? JSON.stringify(results, null, 2) : results.map(comparisonTable).join('\n\n');
}

await runCommand('bench', async () => {
  const options = readBenchOptions(process.argv.slice(2), isPacked);
  if (options === 'help') {
    console.log(benchHelp(isPacked));
    return;
  }
  if ('isa' in options) {
    const { runIsa } = await import('./lib/isa_run.mjs');
    console.log(await runIsa(options.isa));
    return;
  }
  const engine = await openEngine(options);
  // Standard output is for the result alone.
  const { onStep, end } = followSteps(process.stderr);
  if (options.compare !== undefined) {
    console.log(await compareWith(engine, options.compare, options, onStep).finally(end));
    return;
  }
  const measured = await engine.measure(options, onStep).finally(end);
  const report = benchReport({ ...options, engine: measured.engine }, measured.measurements);
  console.log(options.json ? JSON.stringify(report, null, 2) : benchTable(report));
});
