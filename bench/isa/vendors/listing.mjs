// The common format into which the listings of all compilers are parsed: instructions in order, each with its kind, and the labels to which
// branches jump.

/**
 * The kind of an instruction. `multiply_add`: a multiply-add of floats. `other`: another computation that each thread does. `scalar`: a
 * computation that is done once for all threads of a wave. `workgroup`: access to workgroup memory. `memory`: access to buffers. `spill`:
 * access to memory that replaces registers. `control`: a branch, a barrier or a wait.
 * @typedef {'multiply_add' | 'other' | 'scalar' | 'workgroup' | 'memory' | 'spill' | 'control'} Kind
 */
/** @typedef {{ label: string }} Label */
/**
 * `target`: the label to which a branch jumps. `always`: control never continues with the next instruction of the listing.
 * @typedef {{ kind: Kind, target?: string | undefined, always?: boolean }} Instruction
 */
/** @typedef {Label | Instruction} Line */
/** @typedef {(listing: string) => Line[]} ListingReader */
/** @typedef {Readonly<Record<Kind, number>>} KindCounts */

/** @type {KindCounts} */
export const NO_KINDS = { multiply_add: 0, other: 0, scalar: 0, workgroup: 0, memory: 0, spill: 0, control: 0 };

/**
 * @param {readonly Line[]} lines
 * @returns {KindCounts}
 */
export function kindsIn(lines) {
  const counts = { ...NO_KINDS };
  for (const line of lines) if ('kind' in line) counts[line.kind] += 1;
  return counts;
}

/** @param {KindCounts} counts */
export function instructionsIn(counts) {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}

/**
 * Returns the kind whose pattern matches an instruction, or `other` if none does.
 * @param {string} text
 * @param {readonly (readonly [Kind, RegExp])[]} patterns in order: the first pattern that matches determines the kind
 * @returns {Kind}
 */
export function kindBy(text, patterns) {
  return patterns.find(([, pattern]) => pattern.test(text))?.[0] ?? 'other';
}
