// Compiles shaders with a GPU's own compiler, without the GPU, for `npm run bench -- --only isa`.
import { spawnSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CommandFailure } from '../../scripts/shared/options.mjs';
import { onExit, remove } from '../../scripts/shared/processes.mjs';
import { isaParts } from './compiler_parts.mjs';
import { makeSpirv } from './spirv.mjs';

/** @typedef {import('./print_spirv.mjs').Source} Source */
/**
 * @typedef {object} Compiled
 * @property {number} subgroup threads of a wave
 * @property {Readonly<Record<string, number>>} statistics by name, as the driver reports them
 * @property {string} assembly
 */

/**
 * @param {readonly Source[]} sources
 * @param {string} gpu Mesa's name of the GPU
 * @returns {{ device: string, compiled: (Compiled | undefined)[] }} in the order of the sources; undefined for shaders with subgroup
 * matrices that the GPU doesn't have
 */
export function compileFor(sources, gpu) {
  const { program, driver, commands } = isaParts();
  const folder = mkdtempSync(join(tmpdir(), 'webvera-isa-'));
  const clean = onExit(() => remove(folder));
  try {
    const all = makeSpirv(sources, folder, { gpu, driver, commands });
    const modules = all.filter((module) => module !== undefined);
    const { status, stdout, stderr } = spawnSync(program, [], {
      input: modules.map(({ file, bindings }) => `${file}\t${bindings}\n`).join(''),
      encoding: 'utf8',
      maxBuffer: 2 ** 30,
      env: {
        ...process.env,
        VK_DRIVER_FILES: driver,
        VK_ICD_FILENAMES: driver,
        RADV_FORCE_FAMILY: gpu,
        MESA_SHADER_CACHE_DISABLE: 'true',
      },
    });
    if (status !== 0) throw driverFailure(gpu, stderr.trim());
    const { device, compiled } = readCompiled(stdout);
    return { device, compiled: all.map((module) => module && compiled[modules.indexOf(module)]) };
  } finally {
    clean();
  }
}

/**
 * @param {string} gpu
 * @param {string} message with which the driver ended
 */
export function driverFailure(gpu, message) {
  const advice = /drm-shim/i.test(message)
    ? '\nExpected Mesa before 26.1: later releases dropped RADV_FORCE_FAMILY, by which a driver compiles for a GPU that is not there. ' +
      "Run this where an older Mesa is installed, such as Debian 13's 25.0."
    : '';
  return new CommandFailure(`Mesa's driver compiled nothing for ${gpu}:\n${message}${advice}`);
}

/**
 * @param {string} output of compile.c
 * @returns {{ device: string, compiled: Compiled[] }}
 */
export function readCompiled(output) {
  const device = /^@device (.*)$/m.exec(output)?.[1] ?? '';
  const parts = output.split(/^@shader .*$/m).slice(1);
  return { device, compiled: parts.map(readPart) };
}

/**
 * @param {string} part
 * @returns {Compiled}
 */
function readPart(part) {
  const error = /^@error (.*)$/m.exec(part)?.[1];
  if (error !== undefined) throw new CommandFailure(`Mesa's driver didn't take a shader: VkResult ${error}`);
  const [head = '', rest = ''] = part.split(/^@assembly$/m);
  const statistics = [...head.matchAll(/^@statistic (.*)\t(\d+)$/gm)].map(([, name, value]) => [name, Number(value)]);
  return {
    subgroup: Number(/^@subgroup (\d+)$/m.exec(head)?.[1]),
    statistics: Object.fromEntries(statistics),
    assembly: rest.split(/^@end$/m)[0]?.trim() ?? '',
  };
}
