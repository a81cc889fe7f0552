// Counts the instructions that a thread issues in the loops of a listing.
import { blocksOf, loopsOf } from './flow.mjs';
import { kindsIn, NO_KINDS } from './listing.mjs';

/** @typedef {import('./listing.mjs').Line} Line */
/** @typedef {import('./listing.mjs').Kind} Kind */
/** @typedef {import('./listing.mjs').KindCounts} KindCounts */
/**
 * A loop: its blocks, and the instructions of one iteration by kind. Blocks that an iteration may skip count as well, because they can't be
 * distinguished from those that always run.
 * @typedef {{ blocks: ReadonlySet<number>, counts: KindCounts }} Loop
 */

/** The fewest multiply-adds in an iteration of a loop that is counted. Loops with fewer compute addresses, or finish results. */
const LEAST = 16;

/**
 * Returns the loops with at least `LEAST` multiply-adds, sorted by their number of blocks.
 * @param {readonly Line[]} lines
 */
export function loopsIn(lines) {
  return allLoops(blocksOf(lines)).filter(({ counts }) => counts.multiply_add >= LEAST);
}

/**
 * Returns all loops, sorted by their number of blocks.
 * @param {readonly import('./flow.mjs').Block[]} blocks
 * @returns {Loop[]}
 */
export function allLoops(blocks) {
  return loopsOf(blocks)
    .map((body) => ({ blocks: body, counts: kindsIn([...body].flatMap((one) => blocks[one]?.instructions ?? [])) }))
    .sort((a, b) => a.blocks.size - b.blocks.size);
}

/**
 * Returns the innermost loops in the order of the listing. Each comes with the smallest loop that encloses it, if any.
 * @param {readonly Loop[]} loops sorted by their number of blocks
 */
export function innermostLoops(loops) {
  return loops
    .filter((loop) => !loops.some((other) => isWithin(other, loop)))
    .sort((a, b) => Math.min(...a.blocks) - Math.min(...b.blocks))
    .map((loop) => ({ loop, around: loops.find((other) => isWithin(loop, other)) }));
}

/**
 * Returns the innermost loops with at least half as many multiply-adds as the one with the most.
 * @param {readonly Loop[]} loops
 */
export function mainLoops(loops) {
  const innermost = innermostLoops(loops);
  const most = Math.max(...innermost.map(({ loop }) => loop.counts.multiply_add));
  return innermost.filter(({ loop }) => loop.counts.multiply_add >= most / 2);
}

/**
 * Returns the instructions of one iteration of a loop, including all iterations of inner loops; undefined if their number isn't known.
 * @param {Loop} loop
 * @param {readonly Loop[]} loops sorted by their number of blocks
 * @param {(inner: Loop) => number | undefined} turnsOf returns the number of a loop's iterations
 * @returns {KindCounts | undefined}
 */
export function wholeOf(loop, loops, turnsOf) {
  let { counts } = loop;
  for (const inner of loops.filter((one) => loops.find((other) => isWithin(one, other)) === loop)) {
    const [turns, whole] = [turnsOf(inner), wholeOf(inner, loops, turnsOf)];
    if (turns === undefined || whole === undefined) return undefined;
    counts = addTimes(addTimes(counts, whole, turns), inner.counts, -1);
  }
  return counts;
}

/**
 * Whether a loop is within another one.
 * @param {Loop} inner
 * @param {Loop} outer
 */
function isWithin(inner, outer) {
  return inner !== outer && [...inner.blocks].every((block) => outer.blocks.has(block));
}

/**
 * For each main loop, returns the instructions that a thread issues in one step along K, the dimension over which a matrix product sums. A
 * step is one iteration of the main loop. If this iteration has fewer multiply-adds than a step, the step is one iteration of the enclosing
 * loop, with as many iterations of the main loop as the step needs. Leaves out loops that handle only the remainder of K, which is less
 * than a step.
 * @param {readonly Loop[]} loops
 * @param {number | undefined} multiplyAdds per step; undefined for variants that stage no operands: their step is one iteration
 * @returns {KindCounts[]}
 */
export function stepsOf(loops, multiplyAdds) {
  const main = mainLoops(loops);
  if (multiplyAdds === undefined) return main.map(({ loop }) => loop.counts);
  const isWhole = (/** @type {Loop} */ { counts }) => counts.multiply_add >= multiplyAdds;
  const steps = main.map(({ loop, around }) => (isWhole(loop) ? loop : around));
  return main.flatMap(({ loop }, index) => {
    const step = steps[index];
    // A loop that encloses the step of another main loop is the loop over all steps, and not a step itself.
    if (step === undefined || steps.some((other) => other && isWithin(other, step))) return [];
    if (step === loop) return [loop.counts];
    const turns = (multiplyAdds - step.counts.multiply_add) / loop.counts.multiply_add;
    return [addTimes(step.counts, loop.counts, turns)];
  });
}

/**
 * @param {KindCounts} counts
 * @param {KindCounts} others
 * @param {number} times
 */
function addTimes(counts, others, times) {
  const kinds = /** @type {Kind[]} */ (Object.keys(NO_KINDS));
  const sums = kinds.map((kind) => [kind, counts[kind] + times * others[kind]]);
  return /** @type {KindCounts} */ (Object.fromEntries(sums));
}
