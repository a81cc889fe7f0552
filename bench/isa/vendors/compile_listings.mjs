// Compiles kernels for the GPUs of all vendors, and reads their compilers' listings and statistics.
import { spawnSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CommandFailure } from '../../../scripts/shared/options.mjs';
import { onExit, remove } from '../../../scripts/shared/processes.mjs';
import { readExecutables } from '../compile_output.mjs';
import { builtProgram } from '../compiler_parts.mjs';
import { makeSpirv } from '../spirv.mjs';
import { expectGpu, invocationFor } from './drivers.mjs';
import { instructionsIn } from './listing.mjs';
import { loopsIn, stepsOf } from './steps.mjs';

/** @typedef {import('../kernel_sources.mjs').NamedSource} NamedSource */
/** @typedef {import('./gpus.mjs').Vendor} Vendor */
/**
 * A kernel, compiled for a GPU. `shares`: for each main loop, the share of multiply-adds among all instructions of one step along K (the
 * dimension over which a matrix product sums).
 * @typedef {{ kernel: string, variant: string, registers: number, spilled: number, shares: readonly number[] }} Listed
 */

/** The number of a thread's multiply-adds in one step along K, for each variant that stages operands in workgroup memory. */
const STEP_MULTIPLY_ADDS = {
  workgroup: 8 * 8 * 16,
  workgroup_oblong: 8 * 4 * 16,
  workgroup_small: 4 * 4 * 32,
  workgroup_least: 4 * 4 * 32,
};

/**
 * @param {readonly NamedSource[]} sources
 * @param {string} name of a GPU
 * @returns {Listed[]} in the order of the sources
 */
export function compileListings(sources, name) {
  const { vendor } = expectGpu(name);
  const folder = mkdtempSync(join(tmpdir(), 'webvera-isa-'));
  const clean = onExit(() => remove(folder));
  try {
    const modules = makeSpirv(sources, folder, { checked: vendor.checks === 'shader' });
    const { command, args, environment } = invocationFor(name, builtProgram());
    const { status, stdout, stderr } = spawnSync(command, [...args], {
      input: modules.map((module) => `${module?.file}\t${module?.bindings}\n`).join(''),
      encoding: 'utf8',
      maxBuffer: 2 ** 30,
      cwd: folder,
      env: { ...process.env, ...environment },
    });
    if (status !== 0) throw new CommandFailure(`Mesa's driver compiled nothing for ${name}:\n${stderr.trim()}`);
    const parts = readExecutables(stdout).parts;
    return sources.map((source, index) => listed(source, parts[index], vendor));
  } finally {
    clean();
  }
}

/**
 * @param {NamedSource} source
 * @param {import('../compile_output.mjs').Part | undefined} part
 * @param {Vendor} vendor
 * @returns {Listed}
 */
function listed({ kernel, variant }, part, vendor) {
  if (part === undefined || part.failure !== undefined) {
    throw new CommandFailure(`Mesa's driver didn't take ${kernel}/${variant}: ${part?.failure ?? 'it ended'}`);
  }
  const statistics = part.executables.at(-1)?.statistics ?? {};
  const text = vendor.text === undefined ? part.printed : (part.executables.at(-1)?.texts[vendor.text] ?? '');
  const registers = vendor.registers.map((one) => statistics[one]).find((count) => count !== undefined);
  const spilled = vendor.spills.reduce((sum, one) => sum + (statistics[one] ?? 0), 0);
  return {
    kernel,
    variant,
    registers: registers ?? Number.NaN,
    spilled,
    shares: sharesOf(kernel, variant, text, vendor),
  };
}

/**
 * @param {string} kernel
 * @param {string} variant
 * @param {string} text
 * @param {Vendor} vendor
 */
function sharesOf(kernel, variant, text, vendor) {
  const loops = loopsIn(vendor.read(text));
  const isTile = (/** @type {string} */ name) => Object.hasOwn(STEP_MULTIPLY_ADDS, name);
  const multiplyAdds =
    isTile(variant) && !kernel.startsWith('attention')
      ? STEP_MULTIPLY_ADDS[/** @type {keyof typeof STEP_MULTIPLY_ADDS} */ (variant)]
      : undefined;
  return stepsOf(loops, multiplyAdds).map((step) => step.multiply_add / instructionsIn(step));
}
