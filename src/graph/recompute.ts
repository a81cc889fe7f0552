import type { Step } from './graph';
import { transient, type Value } from './value';

/** Steps from `start` up to `end` that one block of a model makes in the forward pass. */
export interface Block {
  readonly start: number;
  readonly end: number;
}

/**
 * Gradient checkpointing as a pass over a program's steps, of which the first `forward` are the forward pass: what a block
 * made for the backward pass alone isn't kept but made again, by the same steps on the same inputs, right before its first
 * use there. So results keep their bits, while memory holds the inner values of one block at a time.
 *
 * Blocks don't overlap. One that changes a value in place is left as it is: running it twice would change it twice.
 */
export function recompute(steps: readonly Step[], forward: number, blocks: readonly Block[]): Step[] {
  const inserted = new Map<number, Step[]>();
  const renamed = new Map<Value, Value>();
  for (const { start, end } of blocks) {
    const block = steps.slice(start, end);
    if (block.some(updates)) continue;
    const made = new Set(block.flatMap(madeBy));
    for (const step of steps.slice(end, forward)) for (const value of usedBy(step)) made.delete(value);
    const first = steps.findIndex((step, index) => index >= forward && usedBy(step).some((value) => made.has(value)));
    if (first < 0) continue;
    const wanted = new Set(steps.slice(forward).flatMap((step) => usedBy(step).filter((value) => made.has(value))));
    const again = neededFor(block, made, wanted);
    const copies = new Map(again.flatMap((step) => madeBy(step).map((value) => [value, copyOf(value)] as const)));
    inserted.set(first, [...(inserted.get(first) ?? []), ...again.map((step) => rename(step, copies))]);
    // Others of the same steps' results were kept, and their users keep them.
    for (const [value, copy] of copies) if (made.has(value)) renamed.set(value, copy);
  }
  return steps.flatMap((step, index) => {
    const own = index < forward ? step : rename(step, renamed);
    return [...(inserted.get(index) ?? []), own];
  });
}

/** The steps of a block that lead to what is wanted, in order. What isn't among `made` is there anyway. */
function neededFor(block: readonly Step[], made: ReadonlySet<Value>, wanted: ReadonlySet<Value>): Step[] {
  const missing = new Set(wanted);
  const needed: Step[] = [];
  for (const step of block.toReversed()) {
    if (!madeBy(step).some((value) => missing.has(value))) continue;
    needed.unshift(step);
    for (const value of usedBy(step)) if (made.has(value)) missing.add(value);
  }
  return needed;
}

function rename(step: Step, names: ReadonlyMap<Value, Value>): Step {
  const values = Object.entries(step.values).map(([name, value]) => [name, names.get(value) ?? value] as const);
  return { ...step, values: Object.fromEntries(values) };
}

function copyOf({ name, shape, dtype }: Value): Value {
  return transient(`${name} again`, shape, dtype);
}

function madeBy(step: Step): Value[] {
  return valuesOf(step, (access) => access === 'write');
}

function usedBy(step: Step): Value[] {
  return valuesOf(step, (access) => access !== 'write');
}

function updates({ kernel }: Step): boolean {
  return Object.values(kernel.bindings).includes('update');
}

function valuesOf({ kernel, values }: Step, wanted: (access: string) => boolean): Value[] {
  return Object.entries(kernel.bindings).flatMap(([name, access]) => {
    const value = values[name];
    return value !== undefined && wanted(access) ? [value] : [];
  });
}
