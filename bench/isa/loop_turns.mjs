// Counts the iterations of a loop in a kernel's assembly, if the code alone determines their number.

/** @typedef {import('./vendors/amd.mjs').AmdInstruction} Instruction */
/** @typedef {import('./vendors/flow.mjs').Block<Instruction>} Block */

/** The largest plausible number of iterations. If a simulated loop has more, `turnsOf` has misread its code and returns undefined. */
const MOST_TURNS = 65_536;

/**
 * Returns the number of iterations of a loop whose counter starts at a constant, changes by a constant and is compared with a constant. For
 * other loops, returns undefined.
 * @param {readonly Block[]} blocks
 * @param {ReadonlySet<number>} loop indices of the loop's blocks
 * @returns {number | undefined}
 */
export function turnsOf(blocks, loop) {
  const body = blocks.filter((_, index) => loop.has(index));
  const code = body.flatMap(({ instructions }) => instructions);
  const exits = body.flatMap((block) => exitOf(block, loop));
  const [{ compare, leavesIf } = { compare: undefined, leavesIf: false }] = exits;
  if (compare === undefined || exits.length > 1) return undefined;
  const [counter = '', end] = compare.operands;
  const limit = constant(end);
  const writes = code.filter((one) => writesTo(one, counter));
  const before = blocks.slice(0, Math.min(...loop)).flatMap(({ instructions }) => instructions);
  const start = before.findLast((one) => writesTo(one, counter));
  const begin =
    start !== undefined && /^s_mov(k_i)?(_b)?32$/.test(start.name) ? constant(start.operands[1]) : undefined;
  const [write] = writes;
  const step = write === undefined || writes.length > 1 ? undefined : stepOf(write, counter);
  if (limit === undefined || begin === undefined || step === undefined || write === undefined) return undefined;
  const meets = COMPARISONS[relationOf(compare)];
  if (meets === undefined) return undefined;
  // If the counter changes before the comparison, the loop exits at the end of an iteration, so this last iteration is counted, too.
  const addsFirst = code.indexOf(write) < code.indexOf(compare);
  for (let turns = 0, value = begin; turns <= MOST_TURNS; turns++, value += step) {
    const isOver = meets(addsFirst ? value + step : value, limit) === leavesIf;
    if (isOver) return addsFirst ? turns + 1 : turns;
  }
  return undefined;
}

/** @type {Readonly<Record<string, (a: number, b: number) => boolean>>} */
const COMPARISONS = {
  eq: (a, b) => a === b,
  lg: (a, b) => a !== b,
  gt: (a, b) => a > b,
  ge: (a, b) => a >= b,
  lt: (a, b) => a < b,
  le: (a, b) => a <= b,
};

/** @param {Instruction} compare */
function relationOf({ name }) {
  return /^s_cmpk?_([a-z]+)_[iu]\d+$/.exec(name)?.[1] ?? '';
}

/**
 * Returns the exit by which control can leave the loop after a block; [] if it can't. `compare` is the scalar comparison on which the
 * block's last instruction, a branch, depends; undefined if it depends on something else. `leavesIf` is the result that ends the loop.
 * @param {Block} block
 * @param {ReadonlySet<number>} loop
 * @returns {{ compare: Instruction | undefined, leavesIf: boolean }[]}
 */
function exitOf({ instructions, after }, loop) {
  const branch = instructions.at(-1);
  if (branch === undefined || after.every((one) => loop.has(one))) return [];
  const goesOut = !loop.has(after.at(-1) ?? -1);
  const taken = branch.name.endsWith('1');
  // A branch on the lanes' own conditions doesn't depend on the scalar comparison.
  const compare = branch.name.includes('_scc') ? instructions.findLast(writesCondition) : undefined;
  return [{ compare, leavesIf: goesOut ? taken : !taken }];
}

/** Whether an instruction sets the scalar condition code, as most scalar arithmetic does. @param {Instruction} instruction */
function writesCondition({ name }) {
  return name.startsWith('s_') && !/^s_(mov|movk|mul|delay|wait|nop|clause|load|buffer|branch|cbranch)/.test(name);
}

/**
 * @param {Instruction} instruction
 * @param {string} register
 */
function writesTo({ name, operands }, register) {
  if (!name.startsWith('s_') || /^s_(cmp|bitcmp|c?branch)/.test(name)) return false;
  const range = /^s\[(\d+):(\d+)\]$/.exec(operands[0] ?? '');
  if (range === null) return operands[0] === register;
  const number = Number(register.slice(1));
  return Number(range[1]) <= number && number <= Number(range[2]);
}

/**
 * @param {Instruction} write
 * @param {string} counter
 */
function stepOf({ name, operands }, counter) {
  if (/^s_addk_i32$/.test(name)) return constant(operands[1]);
  if (/^s_add_(u|i|co_u|co_i)32$/.test(name)) {
    const others = operands.slice(1).filter((one) => one !== counter);
    return others.length === 1 ? constant(others[0]) : undefined;
  }
  return undefined;
}

/**
 * @param {string | undefined} operand
 * @returns {number | undefined}
 */
function constant(operand) {
  return /^-?(0x[\da-f]+|\d+)$/i.test(operand ?? '')
    ? Number(operand?.replace('-', '')) * (operand?.startsWith('-') ? -1 : 1)
    : undefined;
}
