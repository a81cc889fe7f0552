// The loops in a kernel's assembly, and what is issued in a turn of each.
import { addCounts, countKinds, readBlocks } from './assembly.mjs';
import { turnsOf } from './loop_turns.mjs';

/** @typedef {import('./assembly.mjs').Block} Block */
/** @typedef {import('./assembly.mjs').Counts} Counts */
/** @typedef {import('./assembly.mjs').Instruction} Instruction */
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
  return {
    from: names[0] ?? '',
    to: names[1] ?? '',
    turns: turnsOf(blocks.slice(0, first), blocks.slice(first, last + 1)),
    own,
    whole,
    inner,
  };
}
