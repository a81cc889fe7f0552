// The form into which listings of all GPUs' compilers are read: instructions in order, by kind, and the labels that branches name.

/**
 * `multiply_add`: of floats. `other`: any other computation of each thread. `scalar`: once for all threads of a wave. `workgroup`: access
 * to workgroup memory. `memory`: to buffers. `spill`: to memory in place of registers. `control`: branches, barriers and waits.
 * @typedef {'multiply_add' | 'other' | 'scalar' | 'workgroup' | 'memory' | 'spill' | 'control'} Kind
 */
/** @typedef {{ label: string }} Label */
/**
 * A branch has the label that it names as `target`. An instruction with `always` is never followed by the next one.
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
 * The kind by whose pattern an instruction is found, or `other`.
 * @param {string} text
 * @param {readonly (readonly [Kind, RegExp])[]} patterns the first that matches applies
 * @returns {Kind}
 */
export function kindBy(text, patterns) {
  return patterns.find(([, pattern]) => pattern.test(text))?.[0] ?? 'other';
}
