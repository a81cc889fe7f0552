import { DAWN_FLAG, dawnHelp, loadLibrary, openGpu } from '../scripts/cli/library.mjs';
import { readFlags } from '../scripts/shared/options.mjs';
import { followSteps } from '../scripts/shared/progress.mjs';
import { readWork, WORK_FLAGS, workHelp } from './options/work_options.mjs';
import { benchReport, benchTable } from './report/bench_report.mjs';
import { CASE_NAMES } from './workload/cases.mjs';
import { measureAll } from './workload/workload.mjs';

export const HELP = `Measures training steps, generation, batches whose rows have adapters of their own, switching
from one adapter to another, and each kernel of a step, on this machine's GPU.

  webvera bench [options]

${workHelp({ bundled: '', device: `${dawnHelp(19)}\n`, compare: '' })}`;

/** The cases whose models are generated. The package doesn't contain the demo's model, which the case `bundled` needs. */
const NAMES = CASE_NAMES.filter((name) => name !== 'bundled');
const FLAGS = /** @type {const} */ ({ ...WORK_FLAGS, dawn: DAWN_FLAG });

/** @param {readonly string[]} argv */
export async function main(argv) {
  const flags = readFlags(argv, FLAGS);
  const work = readWork(flags, NAMES);
  const [library, bench, gpu] = await Promise.all([loadLibrary(), import('webvera/bench'), openGpu(flags)]);
  // Standard output carries the result only, so progress goes to standard error.
  const { onStep, end } = followSteps(process.stderr);
  const session = /** @type {const} */ ({ worker: false, gpu });
  const bundled = () => Promise.reject(new Error('unreachable'));
  const measurements = await measureAll(library, bench, { ...work, bundled, gpu, session, onStep }).finally(end);
  const report = benchReport(
    { ...work, adapter: 'gpu', engine: `Dawn in Node ${process.versions.node}` },
    measurements,
  );
  console.log(work.json ? JSON.stringify(report, null, 2) : benchTable(report));
}
