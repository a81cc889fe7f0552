// Finds the basic blocks and the loops of a listing. A loop consists of the blocks from its first one, with which each iteration begins, to
// the branches that jump back to that block.

/** @typedef {import('./listing.mjs').Label} Label */
/** @typedef {import('./listing.mjs').Instruction} Instruction */
/**
 * `label`: the label in front of the block, if any. `before`, `after`: indices of the blocks that may run directly before or after it.
 * @template {Instruction} [I=Instruction]
 * @typedef {{ label: string | undefined, instructions: I[], before: number[], after: number[] }} Block
 */

/**
 * @template {Instruction} I
 * @param {readonly (Label | I)[]} lines
 * @returns {Block<I>[]}
 */
export function blocksOf(lines) {
  const targets = new Set(lines.flatMap((line) => ('kind' in line && line.target !== undefined ? [line.target] : [])));
  /** @type {Block<I>[]} */
  const blocks = [emptyBlock()];
  /** @type {Map<string, number>} */
  const places = new Map();
  for (const line of lines) {
    const last = blocks.at(-1)?.instructions.at(-1);
    const isOver = last?.target !== undefined || last?.always;
    if (isOver || ('label' in line && targets.has(line.label)))
      blocks.push(emptyBlock('label' in line ? line.label : undefined));
    if ('label' in line) places.set(line.label, blocks.length - 1);
    else blocks.at(-1)?.instructions.push(line);
  }
  blocks.forEach((block, index) => {
    const last = block.instructions.at(-1);
    if (!last?.always && index + 1 < blocks.length) block.after.push(index + 1);
    const target = places.get(last?.target ?? '');
    if (target !== undefined) block.after.push(target);
    for (const after of block.after) blocks[after]?.before.push(index);
  });
  return blocks;
}

/**
 * @param {string} [label]
 * @returns {Block<never>}
 */
function emptyBlock(label) {
  return { label, instructions: [], before: [], after: [] };
}

/**
 * Returns the loops, each as the set of its blocks' indices.
 * @param {readonly Block[]} blocks
 * @returns {ReadonlySet<number>[]}
 */
export function loopsOf(blocks) {
  const above = dominatorsOf(blocks);
  /** @type {Map<number, Set<number>>} */
  const loops = new Map();
  blocks.forEach(({ after }, index) => {
    for (const first of after.filter((one) => isAbove(one, index, above))) {
      const body = loops.get(first) ?? new Set([first]);
      loops.set(first, body);
      addPredecessors(body, index, blocks);
    }
  });
  return [...loops.values()];
}

/**
 * Adds `last` to a loop's body, and all blocks from which control reaches `last` without passing the loop's first block.
 * @param {Set<number>} body
 * @param {number} last
 * @param {readonly Block[]} blocks
 */
function addPredecessors(body, last, blocks) {
  const open = [last];
  for (let block = open.pop(); block !== undefined; block = open.pop()) {
    if (body.has(block)) continue;
    body.add(block);
    open.push(...(blocks[block]?.before ?? []));
  }
}

/**
 * Whether `block` dominates `other`: every path to `other` passes through `block`. `above` has the blocks' immediate dominators.
 * @param {number} block
 * @param {number} other
 * @param {readonly (number | undefined)[]} above
 */
function isAbove(block, other, above) {
  /** @type {number | undefined} */
  let at = other;
  while (at !== undefined && at !== block) at = at === 0 ? undefined : above[at];
  return at === block;
}

/**
 * Returns the index of each block's immediate dominator; undefined for unreachable blocks.
 * @param {readonly Block[]} blocks
 * @returns {(number | undefined)[]}
 */
function dominatorsOf(blocks) {
  const order = inOrder(blocks);
  const rank = new Map(order.map((block, index) => [block, index]));
  /** @type {(number | undefined)[]} */
  const above = blocks.map(() => undefined);
  above[0] = 0;
  const common = (/** @type {number} */ a, /** @type {number} */ b) => {
    let [one, other] = [a, b];
    while (one !== other) {
      if ((rank.get(one) ?? 0) > (rank.get(other) ?? 0)) one = above[one] ?? 0;
      else other = above[other] ?? 0;
    }
    return one;
  };
  for (let changed = true; changed; ) {
    changed = false;
    for (const block of order.slice(1)) {
      const known = (blocks[block]?.before ?? []).filter((one) => above[one] !== undefined);
      const found = known.reduce(common);
      changed ||= above[block] !== found;
      above[block] = found;
    }
  }
  return above;
}

/**
 * Returns the indices of the reachable blocks in reverse postorder: each comes after at least one of its predecessors.
 * @param {readonly Block[]} blocks
 */
function inOrder(blocks) {
  const seen = new Set([0]);
  /** @type {number[]} */
  const done = [];
  const open = [{ block: 0, next: 0 }];
  for (let top = open.at(-1); top !== undefined; top = open.at(-1)) {
    const after = blocks[top.block]?.after[top.next++];
    if (after === undefined) {
      done.push(top.block);
      open.pop();
    } else if (!seen.has(after)) {
      seen.add(after);
      open.push({ block: after, next: 0 });
    }
  }
  return done.reverse();
}
