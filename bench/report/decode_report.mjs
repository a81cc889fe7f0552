// Reports the step that generates one token.

import { count, size } from '../../scripts/shared/progress.mjs';
import { tableLines } from '../../scripts/shared/table.mjs';
import { labelOf } from './kernel_report.mjs';

/** @typedef {import('../index').DecodeReport} DecodeReport */
/** @typedef {ReturnType<typeof decodeRun>} DecodeRun */

/**
 * @param {DecodeReport} report
 * @param {number} tokenSeconds seconds per token, generated with the library's public API
 */
export function decodeRun(report, tokenSeconds) {
  const { position, dispatches, seconds, kernels, weightBytes, reading, dispatchSeconds } = report;
  const inKernels = kernels.reduce((sum, kernel) => sum + kernel.seconds, 0);
  const part = (/** @type {number} */ own) => ({ ms: own * 1000, share: own / tokenSeconds });
  return {
    position,
    ms_per_token: tokenSeconds * 1000,
    dispatches,
    kernels: kernels.map(({ kernel, variant, sizes, mixed, dispatches, seconds, share }) => {
      return { kernel, variant, sizes, mixed, dispatches, ms: seconds * 1000, share };
    }),
    in_kernels: part(inKernels),
    not_in_kernels: part(tokenSeconds - inKernels),
    queued: part(seconds),
    weight_bytes: weightBytes,
    weight_bytes_per_second: weightBytes / tokenSeconds,
    // The time in which the device would read the step's weights at its fastest rate.
    reading: {
      bytes_per_second: reading.bytes / reading.seconds,
      ...part((weightBytes * reading.seconds) / reading.bytes),
    },
    dispatching: { us_per_dispatch: dispatchSeconds * 1e6, ...part(dispatches * dispatchSeconds) },
  };
}

/**
 * @param {DecodeRun} run
 * @returns {string[]} lines, the kernel with the largest share first
 */
export function decodeLines(run) {
  const { reading, dispatching } = run;
  const row = (
    /** @type {string} */ label,
    /** @type {string} */ times,
    /** @type {{ ms: number, share: number }} */ one,
  ) => [label, times, `${(one.share * 100).toFixed(1)} %`, one.ms.toFixed(2)];
  const table = tableLines([
    [`Kernels of a token after ${count(run.position)}, each alone`, 'times', 'share', 'ms'],
    ...run.kernels.map((one) => row(labelOf(one), count(one.dispatches), one)),
    row('not in kernels', '', run.not_in_kernels),
    row('a token as generate gives it', count(run.dispatches), { ms: run.ms_per_token, share: 1 }),
    row('its dispatches queued one step after the other', '', run.queued),
    row(`its ${size(run.weight_bytes)} of weights, read in one dispatch`, '1', reading),
    row('as many dispatches that do nothing', count(run.dispatches), dispatching),
  ]);
  return [
    ...table.map((line) => line.trimEnd()),
    `Weights are read at ${size(run.weight_bytes_per_second)}/s, in one dispatch at ${size(reading.bytes_per_second)}/s; a dispatch takes ${dispatching.us_per_dispatch.toFixed(1)} µs`,
  ];
}
