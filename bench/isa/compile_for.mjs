// Compiles shaders with the compiler of a GPU's driver, on a machine without that GPU, for `npm run bench -- --only isa`.
import { spawnSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CommandFailure } from '../../scripts/shared/options.mjs';
import { onExit, remove } from '../../scripts/shared/processes.mjs';
import { readExecutables } from './compile_output.mjs';
import { isaParts } from './compiler_parts.mjs';
import { makeSpirv } from './spirv.mjs';
import { hasDrivers, invocationFor } from './vendors/drivers.mjs';

/** @typedef {import('./print_spirv.mjs').Source} Source */
/**
 * @typedef {object} Compiled
 * @property {number} subgroup number of threads in a wave
 * @property {Readonly<Record<string, number>>} statistics by name, as the driver reports them
 * @property {string} assembly
 */

/**
 * @param {readonly Source[]} sources
 * @param {string} gpu Mesa's name of the GPU
 * @returns {{ device: string, compiled: (Compiled | undefined)[] }} results in the order of the sources; undefined for shaders
 * with subgroup matrices if the GPU has none
 */
export function compileFor(sources, gpu) {
  const { program, driver, commands } = isaParts();
  const folder = mkdtempSync(join(tmpdir(), 'webvera-isa-'));
  const clean = onExit(() => remove(folder));
  try {
    const { registration, environment } = targetFor(gpu, program, driver);
    const all = makeSpirv(sources, folder, { matrices: { driver: registration, environment, commands } });
    const modules = all.filter((module) => module !== undefined);
    const { status, stdout, stderr } = spawnSync(program, [], {
      input: modules.map(({ file, bindings }) => `${file}\t${bindings}\n`).join(''),
      encoding: 'utf8',
      maxBuffer: 2 ** 30,
      env: { ...process.env, ...environment, MESA_SHADER_CACHE_DISABLE: 'true' },
    });
    if (status !== 0) throw driverFailure(gpu, stderr.trim());
    const { device, compiled } = readCompiled(stdout);
    return { device, compiled: all.map((module) => module && compiled[modules.indexOf(module)]) };
  } finally {
    clean();
  }
}

/**
 * Chooses the driver that compiles for a GPU. Prefers this machine's driver if it can simulate GPUs, as Mesa's releases before 26.1 can.
 * Otherwise chooses the driver that setup.sh unpacked, if it is there, with a library that simulates the GPU.
 * @param {string} gpu
 * @param {string} program path of the compiled compile.c
 * @param {string} driver path of the registration file of this machine's driver
 */
function targetFor(gpu, program, driver) {
  const own = { VK_DRIVER_FILES: driver, VK_ICD_FILENAMES: driver, RADV_FORCE_FAMILY: gpu };
  const { status, stderr } = spawnSync(program, [], { input: '', encoding: 'utf8', env: { ...process.env, ...own } });
  if (status === 0 || !isAboutShims(stderr) || !hasDrivers(gpu)) return { registration: driver, environment: own };
  const { environment } = invocationFor(gpu, program);
  return { registration: environment.VK_DRIVER_FILES ?? '', environment };
}

/**
 * Whether a driver failed because it needs a library that simulates the GPU (a drm-shim).
 * @param {string} message the driver's error message
 */
function isAboutShims(message) {
  return /drm-shim/i.test(message);
}

/**
 * @param {string} gpu
 * @param {string} message the driver's error message
 */
export function driverFailure(gpu, message) {
  const advice = isAboutShims(message)
    ? '\nExpected Mesa before 26.1: later releases need a library that simulates the GPU. On Debian 13, bench/isa/vendors/setup.sh fetches ' +
      'it with a driver, for GPUs of all vendors.'
    : '';
  return new CommandFailure(`Mesa's driver compiled nothing for ${gpu}:\n${message}${advice}`);
}

/**
 * @param {string} output the output of compile.c
 * @returns {{ device: string, compiled: Compiled[] }}
 */
export function readCompiled(output) {
  const { device, parts } = readExecutables(output);
  const compiled = parts.map(({ failure, executables: [first] }) => {
    if (first === undefined) throw new CommandFailure(`Mesa's driver didn't take a shader: ${failure}`);
    return { subgroup: first.subgroup, statistics: first.statistics, assembly: first.texts.Assembly ?? '' };
  });
  return { device, compiled };
}
