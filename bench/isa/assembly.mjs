// Parses the assembly that Mesa's driver prints for AMD's GPUs into basic blocks of instructions, in order.

/**
 * @typedef {object} Block
 * @property {string} name for example BB12
 * @property {readonly Instruction[]} instructions
 */
/**
 * An instruction. The two halves of a dual-issue instruction count as two.
 * @typedef {object} Instruction
 * @property {string} name for example s_cmp_ge_u32
 * @property {readonly string[]} operands
 */
/** @typedef {'multiply_adds' | 'other_vector' | 'scalar' | 'waits' | 'lds' | 'memory'} Kind */
/** @typedef {Readonly<Record<Kind, number>>} Counts */

/**
 * @param {string} text
 * @returns {Block[]}
 */
export function readBlocks(text) {
  /** @type {{ name: string, instructions: Instruction[] }[]} */
  const blocks = [];
  for (const line of text.split('\n')) {
    const label = /^(BB\d+):/.exec(line)?.[1];
    if (label !== undefined) blocks.push({ name: label, instructions: [] });
    else blocks.at(-1)?.instructions.push(...readLine(line));
  }
  return blocks;
}

/**
 * Returns the instructions of a line: two for a dual-issue instruction, none if it only says how often a pause instruction repeats.
 * @param {string} line
 * @returns {Instruction[]}
 */
function readLine(line) {
  const [code = ''] = line.split(';');
  return code.split('::').flatMap((half) => {
    const found = /^\s*([a-z]\w*)\s*(.*?)\s*$/.exec(half);
    if (found === null) return [];
    const [, name = '', operands = ''] = found;
    return [{ name, operands: operands === '' ? [] : operands.split(/\s*,\s*/) }];
  });
}

/** Matches multiply-adds of floats. Those of integers, such as mad_u32, compute addresses. */
const MULTIPLY_ADD =
  /^v_(dual_|pk_)?(fma|fmac|fmaak|fmamk|mac|mad|madak|madmk)(_legacy)?_f\d+|^v_(fma|mad)_mix|^v_(dot\d|wmma)/;
/** Matches waits and hints, which don't occupy an arithmetic unit. */
const WAIT = /^s_(wait|nop|delay_alu|clause|barrier|sleep|inst_prefetch|set_inst_prefetch|code_end|endpgm)/;

/**
 * @param {string} name
 * @returns {Kind}
 */
export function kindOf(name) {
  if (MULTIPLY_ADD.test(name)) return 'multiply_adds';
  if (name.startsWith('v_')) return 'other_vector';
  if (WAIT.test(name)) return 'waits';
  if (name.startsWith('s_')) return 'scalar';
  if (name.startsWith('ds_')) return 'lds';
  if (/^(global|buffer|flat|image|scratch|tbuffer)_/.test(name)) return 'memory';
  throw new Error(`An instruction of a kind that isn't known: ${name}`);
}

/** @type {Counts} */
export const NONE = { multiply_adds: 0, other_vector: 0, scalar: 0, waits: 0, lds: 0, memory: 0 };

/**
 * @param {readonly Block[]} blocks
 * @returns {Counts}
 */
export function countKinds(blocks) {
  const counts = { ...NONE };
  for (const { name } of blocks.flatMap(({ instructions }) => instructions)) counts[kindOf(name)] += 1;
  return counts;
}

/**
 * @param {Counts} some
 * @param {Counts} others
 * @param {number} [times] factor by which `others` is multiplied
 * @returns {Counts}
 */
export function addCounts(some, others, times = 1) {
  const sum = { ...NONE };
  for (const kind of /** @type {Kind[]} */ (Object.keys(sum))) sum[kind] = some[kind] + times * others[kind];
  return sum;
}
