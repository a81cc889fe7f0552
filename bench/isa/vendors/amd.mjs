// Parses the listing that Mesa's compiler for AMD's GPUs (RADV) prints as "Assembly".

/** @typedef {import('./listing.mjs').Kind} Kind */
/** @typedef {import('./listing.mjs').Instruction & { name: string, operands: readonly string[] }} AmdInstruction */

/** Matches multiply-adds of floats. Those of integers, such as mad_u32, compute addresses. */
const MULTIPLY_ADD =
  /^v_(dual_|pk_)?(fma|fmac|fmaak|fmamk|mac|mad|madak|madmk)(_legacy)?_f\d+|^v_(fma|mad)_mix|^v_(dot\d|wmma)/;
/** Matches branches, and waits and hints, which don't occupy an arithmetic unit. */
const CONTROL = /^s_(c?branch|wait|nop|delay_alu|clause|barrier|sleep|inst_prefetch|set_inst_prefetch|code_end|endpgm)/;

const KINDS = /** @type {const} @satisfies {readonly (readonly [Kind, RegExp])[]} */ ([
  ['multiply_add', MULTIPLY_ADD],
  ['other', /^v_/],
  ['control', CONTROL],
  ['scalar', /^s_/],
  ['workgroup', /^ds_/],
  ['spill', /^scratch_/],
  ['memory', /^(global|buffer|flat|image|tbuffer)_/],
]);

/**
 * Skips the lines before the first block, because they aren't instructions.
 * @param {string} listing
 */
export function readAmd(listing) {
  const lines = listing.split('\n');
  const first = lines.findIndex((line) => /^BB\d+:/.test(line));
  return first < 0 ? [] : lines.slice(first).flatMap(readLine);
}

/**
 * Returns two instructions for a dual-issue instruction, and none if the line only says how often a pause instruction repeats.
 * @param {string} line
 * @returns {(import('./listing.mjs').Label | AmdInstruction)[]}
 */
function readLine(line) {
  const label = /^(BB\d+):/.exec(line)?.[1];
  if (label !== undefined) return [{ label }];
  const [code = ''] = line.split(';');
  return code.split('::').flatMap((half) => {
    const found = /^\s*([a-z]\w*)\s*(.*?)\s*$/.exec(half);
    if (found === null) return [];
    const [, name = '', operands = ''] = found;
    return [instructionOf(name, operands === '' ? [] : operands.split(/\s*,\s*/))];
  });
}

/**
 * @param {string} name for example s_cmp_ge_u32
 * @param {readonly string[]} operands
 * @returns {AmdInstruction}
 */
function instructionOf(name, operands) {
  const [kind] = KINDS.find(([, pattern]) => pattern.test(name)) ?? [];
  if (kind === undefined) throw new Error(`An instruction of a kind that isn't known: ${name}`);
  const target = /^s_c?branch/.test(name) ? operands[0] : undefined;
  return { kind, target, always: /^s_(branch|endpgm)/.test(name), name, operands };
}
