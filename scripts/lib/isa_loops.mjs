// The loops in a kernel's assembly, and what is issued in a turn of each.
import { addCounts, countKinds, readBlocks } from './isa_text.mjs';

/** @typedef {import('./isa_text.mjs').Block} Block */
/** @typedef {import('./isa_text.mjs').Counts} Counts */
/** @typedef {import('./isa_text.mjs').Instruction} Instruction */
/**
 * From the block that a branch goes back to, to the last that does so. All blocks between count, whether or not a turn
 * takes them: what is skipped only at a matrix' edge can't be told from what is always taken.
 * @typedef {object} Loop
 * @property {string} from
 * @property {string} to
 * @property {number | undefined} turns where the code itself says how many
 * @property {Counts} own in one turn, without the loops within
 * @property {Counts | undefined} whole in one turn, with the turns of the loops within; undefined where those aren't told
 * @property {readonly Loop[]} inner
 */
/** @typedef {{ first: number, last: number }} Span of blocks */

/**
 * @param {string} text
 * @returns {Loop[]} the outermost; each has those within
 */
export function readLoops(text) {
  const blocks = readBlocks(text);
  return nest(spansOf(blocks)).map((tree) => loopOf(tree, blocks));
}

/**
 * With the loop around each, if there is one.
 * @param {readonly Loop[]} loops
 * @param {Loop} [around]
 * @returns {{ loop: Loop, around: Loop | undefined }[]}
 */
export function innermostLoops(loops, around) {
  return loops.flatMap((loop) => (loop.inner.length === 0 ? [{ loop, around }] : innermostLoops(loop.inner, loop)));
}

/**
 * @param {readonly Block[]} blocks
 * @returns {Span[]} one for each block that is branched back to
 */
function spansOf(blocks) {
  const places = new Map(blocks.map(({ name }, index) => [name, index]));
  /** @type {Map<number, number>} */
  const ends = new Map();
  blocks.forEach(({ instructions }, index) => {
    for (const instruction of instructions) {
      const target = places.get(targetOf(instruction) ?? '');
      if (target !== undefined && target <= index) ends.set(target, index);
    }
  });
  return [...ends].map(([first, last]) => ({ first, last }));
}

/** @param {Instruction} instruction */
function targetOf({ name, operands }) {
  return /^s_c?branch/.test(name) ? operands[0] : undefined;
}

/** @typedef {Span & { inner: Tree[] }} Tree */

/**
 * @param {readonly Span[]} spans
 * @returns {Tree[]}
 */
function nest(spans) {
  /** @type {Tree} */
  const root = { first: 0, last: Number.POSITIVE_INFINITY, inner: [] };
  const open = [root];
  for (const span of [...spans].sort((a, b) => a.first - b.first || b.last - a.last)) {
    while ((open.at(-1)?.last ?? 0) < span.last) open.pop();
    const tree = { ...span, inner: [] };
    open.at(-1)?.inner.push(tree);
    open.push(tree);
  }
  return root.inner;
}

/**
 * @param {Tree} tree
 * @param {readonly Block[]} blocks
 * @returns {Loop}
 */
function loopOf({ first, last, inner: trees }, blocks) {
  const inner = trees.map((tree) => loopOf(tree, blocks));
  const isWithin = (/** @type {number} */ index) => trees.some((one) => one.first <= index && index <= one.last);
  const own = countKinds(blocks.filter((_, index) => first <= index && index <= last && !isWithin(index)));
  /** @type {Counts | undefined} */
  let whole = own;
  for (const { turns, whole: counts } of inner) {
    whole = whole && counts && turns !== undefined ? addCounts(whole, counts, turns) : undefined;
  }
  const names = [first, last].map((index) => blocks[index]?.name ?? '');
  return { from: names[0] ?? '', to: names[1] ?? '', turns: turnsOf(blocks, { first, last }), own, whole, inner };
}

/** Of a counter that is compared with a constant; more are taken for a loop that isn't understood. */
const MOST_TURNS = 65_536;

/**
 * How often a loop runs that begins at a constant, adds a constant and ends at a constant.
 * @param {readonly Block[]} blocks
 * @param {Span} span
 * @returns {number | undefined}
 */
function turnsOf(blocks, { first, last }) {
  const body = blocks.slice(first, last + 1);
  const code = body.flatMap(({ instructions }) => instructions);
  const exits = exitsOf(body);
  const [{ compare, leavesIf } = { compare: undefined, leavesIf: false }] = exits;
  if (compare === undefined || exits.length > 1) return undefined;
  const [counter = '', end] = compare.operands;
  const limit = constant(end);
  const writes = code.filter((one) => writesTo(one, counter));
  const before = blocks.slice(0, first).flatMap(({ instructions }) => instructions);
  const start = before.findLast((one) => writesTo(one, counter));
  const begin =
    start !== undefined && /^s_mov(k_i)?(_b)?32$/.test(start.name) ? constant(start.operands[1]) : undefined;
  const [write] = writes;
  const step = write === undefined || writes.length > 1 ? undefined : stepOf(write, counter);
  if (limit === undefined || begin === undefined || step === undefined || write === undefined) return undefined;
  const meets = COMPARISONS[relationOf(compare)];
  if (meets === undefined) return undefined;
  // A loop that compares what it has added to ends with the turn in which it is so, others before it.
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
 * The comparisons upon which a loop ends, by a branch out of it or by not taking the one back.
 * @param {readonly Block[]} body
 * @returns {{ compare: Instruction | undefined, leavesIf: boolean }[]}
 */
function exitsOf(body) {
  const within = new Set(body.map(({ name }) => name));
  return body.flatMap(({ instructions }, index) => {
    const branch = instructions.find(({ name }) => name.startsWith('s_cbranch'));
    if (branch === undefined) return [];
    const goesOut = !within.has(branch.operands[0] ?? '');
    const isLast = index === body.length - 1 && instructions.at(-1) === branch;
    if (!goesOut && !isLast) return [];
    const compare = instructions.slice(0, instructions.indexOf(branch)).findLast(writesCondition);
    const taken = branch.name.endsWith('1');
    // Where lanes decide for themselves, none is found that could be understood.
    return [{ compare: branch.name.includes('_scc') ? compare : undefined, leavesIf: goesOut ? taken : !taken }];
  });
}

/** @param {Instruction} instruction of the scalar unit, as most of its arithmetic sets the condition */
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
