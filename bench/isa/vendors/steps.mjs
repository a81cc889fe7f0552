// Counts what the loops of a listing issue.
import { blocksOf, loopsOf } from './flow.mjs';
import { kindsIn, NO_KINDS } from './listing.mjs';

/** @typedef {import('./listing.mjs').Line} Line */
/** @typedef {import('./listing.mjs').Kind} Kind */
/** @typedef {import('./listing.mjs').KindCounts} KindCounts */
/**
 * The blocks of a turn. Blocks that a turn may skip count as well, because they look like those that always run.
 * @typedef {{ blocks: ReadonlySet<number>, counts: KindCounts }} Loop
 */

/** Loops with fewer multiply-adds in a turn compute addresses, or finish results. */
const LEAST = 16;

/**
 * The loops that multiply, the shortest first.
 * @param {readonly Line[]} lines
 * @returns {Loop[]}
 */
export function loopsIn(lines) {
  const blocks = blocksOf(lines);
  return loopsOf(blocks)
    .map((body) => ({ blocks: body, counts: kindsIn([...body].flatMap((one) => blocks[one]?.instructions ?? [])) }))
    .filter(({ counts }) => counts.multiply_add >= LEAST)
    .sort((a, b) => a.blocks.size - b.blocks.size);
}

/**
 * The innermost loops with at least half as many multiply-adds as the largest, in the order of the listing, each with the loop around it.
 * @param {readonly Loop[]} loops
 * @returns {{ loop: Loop, around: Loop | undefined }[]}
 */
export function mainLoops(loops) {
  const innermost = loops.filter((loop) => !loops.some((other) => other !== loop && isWithin(other, loop)));
  const most = Math.max(...innermost.map(({ counts }) => counts.multiply_add));
  return innermost
    .filter(({ counts }) => counts.multiply_add >= most / 2)
    .sort((a, b) => Math.min(...a.blocks) - Math.min(...b.blocks))
    .map((loop) => ({ loop, around: loops.find((other) => other !== loop && isWithin(loop, other)) }));
}

/**
 * @param {Loop} inner
 * @param {Loop} outer
 */
function isWithin(inner, outer) {
  return [...inner.blocks].every((block) => outer.blocks.has(block));
}

/**
 * The instructions that a thread issues in a step of K, for each main loop: a turn of the loop around, with as many turns of the inner one
 * as make up the step's multiply-adds. Loops over the rest of K, which is less than a step, are left out.
 * @param {readonly Loop[]} loops
 * @param {number | undefined} multiplyAdds of the step; undefined for tiles that stage nothing, whose step is a turn of the inner loop
 * @returns {KindCounts[]}
 */
export function stepsOf(loops, multiplyAdds) {
  const main = mainLoops(loops);
  if (multiplyAdds === undefined) return main.map(({ loop }) => loop.counts);
  const isWhole = (/** @type {Loop} */ { counts }) => counts.multiply_add >= multiplyAdds;
  const steps = main.map(({ loop, around }) => (isWhole(loop) ? loop : around));
  return main.flatMap(({ loop }, index) => {
    const step = steps[index];
    // A loop around several parts contains their steps.
    if (step === undefined || steps.some((other) => other && other !== step && isWithin(other, step))) return [];
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
