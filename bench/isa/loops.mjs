// Finds the loops in a kernel's assembly, and counts the instructions in one iteration of each loop.
import { addCounts, countKinds, readBlocks } from './assembly.mjs';
import { turnsOf } from './loop_turns.mjs';

/** @typedef {import('./assembly.mjs').Block} Block */
/** @typedef {import('./assembly.mjs').Counts} Counts */
/** @typedef {import('./assembly.mjs').Instruction} Instruction */
/**
 * A loop begins at a block to which a branch jumps back, and ends with the last block that has such a branch. All blocks in between count,
 * because blocks that are skipped only at a matrix's edge can't be distinguished from those that always run.
 * @typedef {object} Loop
 * @property {string} from name of the first block
 * @property {string} to name of the last block
 * @property {number | undefined} turns number of iterations, if the code determines it
 * @property {Counts} own instructions of one iteration, without those of inner loops
 * @property {Counts | undefined} whole instructions of one iteration, including all iterations of inner loops; undefined if
 * their number isn't known
 * @property {readonly Loop[]} inner
 */
/** @typedef {{ first: number, last: number }} Span indices of the first and the last block */

/**
 * @param {string} text
 * @returns {Loop[]} the outermost loops, which contain the inner ones
 */
export function readLoops(text) {
  const blocks = readBlocks(text);
  return nest(spansOf(blocks)).map((tree) => loopOf(tree, blocks));
}

/**
 * Returns the innermost loops, each with the loop that directly encloses it, if any.
 * @param {readonly Loop[]} loops
 * @param {Loop} [around]
 * @returns {{ loop: Loop, around: Loop | undefined }[]}
 */
export function innermostLoops(loops, around) {
  return loops.flatMap((loop) => (loop.inner.length === 0 ? [{ loop, around }] : innermostLoops(loop.inner, loop)));
}

/**
 * @param {readonly Block[]} blocks
 * @returns {Span[]} one for each block that a branch jumps back to
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
  return {
    from: names[0] ?? '',
    to: names[1] ?? '',
    turns: turnsOf(blocks.slice(0, first), blocks.slice(first, last + 1)),
    own,
    whole,
    inner,
  };
}
