import { groupBy } from '../core/input/group_by';
import type { Step } from './step';
import { byteLength, type Value } from './value';

interface MemoryPlan {
  /** Bytes of each slot. A slot is a whole buffer, because WebGPU doesn't allow a dispatch to both read and write a buffer. */
  readonly slotBytes: readonly number[];
  readonly slotOf: ReadonlyMap<Value, number>;
  /** The offset of a part of a joined value in its slot, in f32 elements. */
  readonly offsetOf: ReadonlyMap<Value, number>;
}

interface Life {
  readonly value: Value;
  readonly first: number;
  last: number;
}

/**
 * Assigns a slot to every transient value for its lifetime: from the step that creates it to the last step that uses it, or to the end for
 * `outputs`. Best fit: the smallest free slot that holds the value, else the largest free slot, which grows. The parts of a joined value
 * share one slot while any of them lives.
 */
export function planMemory(steps: readonly Step[], outputs: readonly Value[] = []): MemoryPlan {
  const wholes = wholesOf(steps);
  const lives = lifetimes(steps, outputs, wholes);
  const starting = groupBy(lives, (life) => life.first);
  const ending = groupBy(lives, (life) => life.last);
  const slotBytes: number[] = [];
  const slotOf = new Map<Value, number>();
  const free = new Set<number>();
  for (let step = 0; step < steps.length; step++) {
    // Largest first, so that a large value doesn't get a small slot. Slots freed by this step aren't free yet, because its outputs must not
    // overwrite its inputs.
    const born = (starting.get(step) ?? []).toSorted((a, b) => byteLength(b.value) - byteLength(a.value));
    for (const { value } of born) slotOf.set(value, takeSlot(byteLength(value), free, slotBytes));
    for (const { value } of ending.get(step) ?? []) {
      const slot = slotOf.get(value);
      if (slot !== undefined) free.add(slot);
    }
  }
  const offsetOf = new Map<Value, number>();
  for (const [value, { whole, offset }] of wholes) {
    const slot = slotOf.get(whole);
    if (slot === undefined) continue;
    slotOf.set(value, slot);
    offsetOf.set(value, offset);
  }
  return { slotBytes, slotOf, offsetOf };
}

type Wholes = ReadonlyMap<Value, { readonly whole: Value; readonly offset: number }>;

/** For each part of a joined value: the joined value, and the part's offset in it. */
function wholesOf(steps: readonly Step[]): Wholes {
  const values = steps.flatMap((step) => Object.values(step.values));
  return new Map(
    values.flatMap((whole) => (whole.parts ?? []).map(({ value, offset }) => [value, { whole, offset }] as const)),
  );
}

function lifetimes(steps: readonly Step[], outputs: readonly Value[], wholes: Wholes): Life[] {
  const lives = new Map<Value, Life>();
  steps.forEach((step, index) => {
    for (const used of Object.values(step.values)) {
      if (used.pinned) continue;
      const value = wholes.get(used)?.whole ?? used;
      const life = lives.get(value);
      if (life === undefined) lives.set(value, { value, first: index, last: index });
      else life.last = index;
    }
  });
  for (const value of outputs) {
    const life = lives.get(wholes.get(value)?.whole ?? value);
    if (life !== undefined) life.last = steps.length;
  }
  return [...lives.values()];
}

function takeSlot(bytes: number, free: Set<number>, slotBytes: number[]): number {
  let fitting: number | undefined;
  let largest: number | undefined;
  const size = (slot: number | undefined) => (slot === undefined ? undefined : slotBytes[slot]);
  for (const slot of free) {
    const have = slotBytes[slot] ?? 0;
    if (have >= bytes && have < (size(fitting) ?? Number.POSITIVE_INFINITY)) fitting = slot;
    if (have > (size(largest) ?? -1)) largest = slot;
  }
  const slot = fitting ?? largest ?? slotBytes.length;
  free.delete(slot);
  slotBytes[slot] = Math.max(slotBytes[slot] ?? 0, bytes);
  return slot;
}
