// Prints the output of `finetune --estimate`.
import { count, size } from '../shared/progress.mjs';
import { tableLines } from '../shared/table.mjs';

/** @typedef {import('./estimate_run.mjs').Estimated} Estimated */
/** @typedef {import('./estimate_run.mjs').Change} Change */

const VERDICTS = /** @type {const} */ ({
  fits: 'It fits, as far as is known.',
  tight: 'It may fit.',
  'does-not-fit': 'It does not fit.',
});

/**
 * Prints an estimate. The exit code is 1 if the run doesn't fit.
 * @param {import('./settings.mjs').Settings} settings
 * @param {Estimated} estimated
 */
export function printEstimate(settings, estimated) {
  console.log(estimateLines(settings, estimated).join('\n'));
  if (estimated.estimate.verdict === 'does-not-fit') process.exitCode = 1;
}

/** @param {import('./settings.mjs').Settings} settings @param {Estimated} estimated @returns {string[]} */
export function estimateLines(settings, { estimate: { download, gpu, verdict, reasons }, changes }) {
  const { model, r, max_length, per_device_train_batch_size: batch } = settings;
  const texts = batch === 1 ? 'one text' : `${count(batch)} texts`;
  return [
    `${model}, VeRA r ${r}, batches of ${texts} of ${count(max_length)} tokens:`,
    '',
    ...tableLines([
      ['  download', size(download.total)],
      ...(download.cached === 0 ? [] : [['  of which are here already', size(download.cached)]]),
      ['  weights', inMiB(gpu.weights)],
      ['  adapter', inMiB(gpu.adapter)],
      ['  optimizer', inMiB(gpu.optimizer)],
      ['  activations', inMiB(gpu.activations)],
      ['  workspace', inMiB(gpu.workspace)],
      ['  GPU memory in all', inMiB(gpu.total)],
      ['  largest buffer', inMiB(gpu.largest_buffer)],
    ]),
    '',
    [VERDICTS[verdict], ...reasons.map((reason) => `${reason}.`)].join(' '),
    ...(changes.length === 0 ? [] : ['Better with']),
    ...changes.map((change) => `  ${flagsOf(change)}`),
  ];
}

/** @param {Change} change */
function flagsOf(change) {
  return Object.entries(change)
    .map(([name, value]) => (value === true ? `--${name}` : `--${name} ${value}`))
    .join(' ');
}

/** @param {number} bytes */
function inMiB(bytes) {
  const mebibytes = bytes / 2 ** 20;
  return `${mebibytes < 10 ? mebibytes.toFixed(1) : count(Math.ceil(mebibytes))} MiB`;
}
