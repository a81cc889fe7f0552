// The options of `npm run bench -- --only host`.
import { UsageError } from '../../scripts/shared/options.mjs';
import { isGiven, readWork } from '../options/work_options.mjs';
import { CASE_NAMES } from '../workload/cases.mjs';

/** @typedef {Pick<import('../options/work_options.mjs').Work, 'name' | 'length' | 'ranks' | 'json'>} HostOptions */

export const HOST_HELP = `\
  --only host      instead, the CPU time in which this process encodes and submits a
                   step, on Dawn's device that computes nothing
`;

/**
 * @param {import('../../scripts/shared/options.mjs').Flags} flags
 * @returns {HostOptions | undefined} undefined if the flags ask for another measurement
 */
export function readHostOptions({ only, ...others }) {
  if (only !== 'host') return undefined;
  const ofDevices = ['adapter', 'arithmetic', 'compare', 'dtype', 'kernels', 'peak', 'rounds', 'tuned'];
  const unused = ofDevices.find((name) => isGiven(name, others));
  if (unused !== undefined) throw new UsageError(`--${unused} is about a device, and --only host computes nothing`);
  return readWork(others, CASE_NAMES);
}
