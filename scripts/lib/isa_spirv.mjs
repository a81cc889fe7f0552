// From WGSL to SPIR-V, as Chrome does it.
import { spawnSync } from 'node:child_process';
import { closeSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CommandFailure } from './options.mjs';

/** @typedef {import('../isa/print_spirv.mjs').Source} Source */
/**
 * @typedef {object} Module
 * @property {string} file of SPIR-V
 * @property {string} bindings a letter for each of set 0: u (uniform), s (storage), or - (none)
 */

const PRINTER = fileURLToPath(new URL('../isa/print_spirv.mjs', import.meta.url));

/**
 * @param {readonly Source[]} sources
 * @param {string} folder in which files may be written
 * @returns {Module[]} in the same order
 */
export function makeSpirv(sources, folder) {
  const texts = readPrinted(printSpirv(sources, folder));
  return sources.map((_, index) => {
    const text = texts.get(index);
    if (text === undefined) throw new Error(`Dawn printed no SPIR-V of shader ${index}`);
    const file = join(folder, `${index}.spv`);
    const { status, stderr } = spawnSync('spirv-as', ['--target-env', 'spv1.5', '-o', file, '-'], { input: text });
    if (status !== 0) throw new CommandFailure(`spirv-as: ${String(stderr).trim()}`);
    return { file, bindings: bindingsOf(text) };
  });
}

/**
 * @param {readonly Source[]} sources
 * @param {string} folder
 */
function printSpirv(sources, folder) {
  const [given, printed] = [join(folder, 'sources.json'), join(folder, 'printed.txt')];
  writeFileSync(given, JSON.stringify(sources));
  const output = openSync(printed, 'w');
  const { status, stderr } = spawnSync(process.execPath, [PRINTER, given], { stdio: ['ignore', output, 'pipe'] });
  closeSync(output);
  if (status !== 0) throw new CommandFailure(`Dawn printed no SPIR-V:\n${String(stderr).trim()}`);
  return readFileSync(printed, 'utf8');
}

/**
 * The SPIR-V in what Dawn prints, by the number that its WGSL begins with.
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
 * @param {string} text of SPIR-V
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
