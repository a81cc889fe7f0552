// Compiles WGSL to SPIR-V with Dawn, as Chrome does.
import { spawnSync } from 'node:child_process';
import { closeSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CommandFailure } from '../../scripts/shared/options.mjs';

/** @typedef {import('./print_spirv.mjs').Source} Source */
/**
 * @typedef {object} Module
 * @property {string} file path of the SPIR-V
 * @property {string} bindings one letter for each binding of descriptor set 0: u (uniform), s (storage), or - (none)
 */

const PRINTER = fileURLToPath(new URL('print_spirv.mjs', import.meta.url));

/**
 * The driver of the GPU for which shaders are compiled. Dawn compiles shaders with subgroup matrices only on a device of such a driver.
 * @typedef {object} Target
 * @property {string} driver path of the driver's registration file
 * @property {Readonly<Record<string, string>>} environment variables with which the driver selects the GPU
 * @property {string} commands path of the compiled null_commands.c
 */
/**
 * `matrices`: the driver for shaders with subgroup matrices. Without it, such shaders aren't compiled. `checked`: whether the shaders
 * themselves check buffer indices, as shaders for Metal and Direct3D do.
 * @typedef {{ matrices?: Target, checked?: boolean }} SpirvOptions
 */

/**
 * @param {readonly Source[]} sources
 * @param {string} folder for temporary files
 * @param {SpirvOptions} [options]
 * @returns {(Module | undefined)[]} in the order of the sources; undefined for a shader with subgroup matrices if `matrices` is missing or
 * the GPU has none
 */
export function makeSpirv(sources, folder, { matrices: target, checked = false } = {}) {
  const numbered = sources.map((source, index) => ({ index, ...source }));
  const matrices = numbered.filter(needsMatrices);
  const others = numbered.filter((source) => !needsMatrices(source));
  const printed = [
    others.length === 0 ? '' : printSpirv(others, folder, checked ? ['checked'] : []),
    matrices.length === 0 || target === undefined
      ? ''
      : printSpirv(matrices, folder, ['matrices'], onTarget(folder, target)),
  ];
  const texts = readPrinted(printed.join('\n'));
  return sources.map((source, index) => {
    const text = texts.get(index);
    if (text === undefined && needsMatrices(source)) return undefined;
    if (text === undefined) throw new Error(`Dawn printed no SPIR-V of shader ${index}`);
    const file = join(folder, `${index}.spv`);
    const { status, stderr } = spawnSync('spirv-as', ['--target-env', 'spv1.5', '-o', file, '-'], { input: text });
    if (status !== 0) throw new CommandFailure(`spirv-as: ${String(stderr).trim()}`);
    return { file, bindings: bindingsOf(text) };
  });
}

/** @param {Source} source */
function needsMatrices({ wgsl }) {
  return wgsl.includes('enable chromium_experimental_subgroup_matrix;');
}

/**
 * Returns the environment variables with which Dawn opens a device of the GPU's driver. The device ignores all commands.
 * @param {string} folder
 * @param {Target} target
 */
function onTarget(folder, { driver, environment, commands }) {
  const registered = join(folder, 'null_commands.json');
  const { ICD } = JSON.parse(readFileSync(driver, 'utf8'));
  const library = ICD.library_path.includes('/') ? resolve(dirname(driver), ICD.library_path) : ICD.library_path;
  const registration = { file_format_version: '1.0.0', ICD: { ...ICD, library_path: commands } };
  writeFileSync(registered, JSON.stringify(registration));
  return { ...environment, WEBVERA_ISA_DRIVER: library, VK_DRIVER_FILES: registered, VK_ICD_FILENAMES: registered };
}

/**
 * @param {readonly (Source & { index: number })[]} sources
 * @param {string} folder
 * @param {readonly ('checked' | 'matrices')[]} how
 * @param {Readonly<Record<string, string>>} [environment] for shaders with subgroup matrices
 */
function printSpirv(sources, folder, how, environment) {
  const [given, printed] = [join(folder, 'sources.json'), join(folder, 'printed.txt')];
  writeFileSync(given, JSON.stringify(sources));
  const output = openSync(printed, 'w');
  const { status, stderr } = spawnSync(process.execPath, [PRINTER, given, ...how], {
    stdio: ['ignore', output, 'pipe'],
    env: { ...process.env, ...environment },
  });
  closeSync(output);
  if (status !== 0) throw new CommandFailure(`Dawn printed no SPIR-V:\n${String(stderr).trim()}`);
  return readFileSync(printed, 'utf8');
}

/**
 * Returns the SPIR-V texts in Dawn's output, by the shader's number in the first line of its WGSL.
 * @param {string} printed
 * @returns {Map<number, string>}
 */
export function readPrinted(printed) {
  const parts = printed.split(/^\/\/ shader (\d+)$/m).slice(1);
  /** @type {Map<number, string>} */
  const texts = new Map();
  for (let i = 0; i + 1 < parts.length; i += 2) {
    const [, after] = (parts[i + 1] ?? '').split('/* Dumped SPIRV disassembly */\n');
    const end = after?.lastIndexOf('OpFunctionEnd') ?? -1;
    if (after !== undefined && end >= 0) texts.set(Number(parts[i]), `${after.slice(0, end)}OpFunctionEnd\n`);
  }
  return texts;
}

/**
 * Returns the letters of `Module.bindings`.
 * @param {string} text disassembled SPIR-V
 * @returns {string}
 */
export function bindingsOf(text) {
  const uniform = new Set([...text.matchAll(/^\s*(%\w+) = OpVariable %\w+ Uniform\b/gm)].map(([, id]) => id));
  /** @type {string[]} */
  const letters = [];
  for (const [, id, binding] of text.matchAll(/OpDecorate (%\w+) Binding (\d+)/g)) {
    letters[Number(binding)] = uniform.has(id) ? 'u' : 's';
  }
  return Array.from(letters, (letter) => letter ?? '-').join('');
}
