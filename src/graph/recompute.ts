import { madeBy, type Step, updatedBy, usedBy } from './step';
import { transient, type Value, withParts } from './value';

/** The forward steps of one block of the network: from `start` up to, but not including, `end`. */
export interface Segment {
  readonly start: number;
  readonly end: number;
}

/**
 * Gradient checkpointing, as a pass over a program's steps. The first `forward` steps are the forward pass. If a segment
 * creates a value that only this segment and the backward pass use, the value isn't held in memory. Right before its first use in the
 * backward pass, the same steps compute it again from the same inputs. The results stay bitwise equal, and memory holds the inner values of
 * one segment at a time.
 *
 * Segments don't overlap. A transient value that a segment updates in place is held. A segment that updates a pinned value isn't
 * recomputed, because it would update the value twice.
 */
export function recompute(steps: readonly Step[], forward: number, segments: readonly Segment[]): Step[] {
  const used = steps.map(usedWithParts);
  const wholes = new Set(
    steps
      .slice(forward)
      .flatMap(usedBy)
      .filter(({ parts }) => parts !== undefined),
  );
  const inserted = new Map<number, Step[]>();
  const renamed = new Map<Value, Value>();
  for (const { start, end } of segments) {
    const segment = steps.slice(start, end);
    if (segment.flatMap(updatedBy).some(({ pinned }) => pinned)) continue;
    const made = new Set(segment.flatMap(madeWithParts));
    for (const value of heldOf(segment, wholes)) made.delete(value);
    for (const value of used.slice(end, forward).flat()) made.delete(value);
    const first = used.findIndex((values, index) => index >= forward && values.some((value) => made.has(value)));
    if (first < 0) continue;
    const wanted = new Set(used.slice(forward).flatMap((values) => values.filter((value) => made.has(value))));
    const again = neededFor(segment, made, wanted);
    const copies = new Map(again.flatMap(copiesFor));
    for (const whole of wholes) if (!copies.has(whole)) copyWhole(whole, copies);
    inserted.set(first, [...(inserted.get(first) ?? []), ...again.map((step) => rename(step, copies))]);
    // Only dropped values are renamed. The repeated steps may also create values that are still held; their uses stay unchanged.
    for (const [value, copy] of copies) if (made.has(value) || wholes.has(value)) renamed.set(value, copy);
  }
  return steps.flatMap((step, index) => {
    const own = index < forward ? step : rename(step, renamed);
    return [...(inserted.get(index) ?? []), own];
  });
}

/**
 * Returns the values of a segment that must stay in memory, because steps that update values in place run only once. These are the updated
 * values, the other results of these steps, and all parts of joined values that contain any of them.
 */
function heldOf(segment: readonly Step[], wholes: ReadonlySet<Value>): Value[] {
  const held = segment.flatMap((step) => {
    const updated = updatedBy(step);
    return updated.length === 0 ? [] : [...madeWithParts(step), ...updated.flatMap(withParts)];
  });
  const around = [...wholes].filter((whole) => withParts(whole).some((part) => held.includes(part)));
  return [...held, ...around.flatMap(withParts)];
}

/**
 * Returns the steps of a segment that create the wanted values, in order. Inputs of these steps that aren't among `made` are still in
 * memory.
 */
function neededFor(segment: readonly Step[], made: ReadonlySet<Value>, wanted: ReadonlySet<Value>): Step[] {
  const missing = new Set(wanted);
  const needed: Step[] = [];
  for (const step of segment.toReversed()) {
    if (!madeWithParts(step).some((value) => missing.has(value))) continue;
    needed.unshift(step);
    for (const value of usedWithParts(step)) if (made.has(value)) missing.add(value);
  }
  return needed;
}

function rename(step: Step, names: ReadonlyMap<Value, Value>): Step {
  const values = Object.entries(step.values).map(([name, value]) => [name, names.get(value) ?? value] as const);
  return { ...step, values: Object.fromEntries(values) };
}

/** The values that a step creates; for a joined value, its parts as well. */
function madeWithParts(step: Step): Value[] {
  return madeBy(step).flatMap(withParts);
}

function usedWithParts(step: Step): Value[] {
  return usedBy(step).flatMap(withParts);
}

/**
 * Adds a copy of a joined value, whose parts share a buffer, if any of its parts is recomputed into a copy. The steps that recompute the
 * parts don't mention the joined value.
 */
function copyWhole(whole: Value, copies: Map<Value, Value>): void {
  const { parts = [] } = whole;
  if (!parts.some(({ value }) => copies.has(value))) return;
  copies.set(whole, {
    ...copyOf(whole),
    parts: parts.map(({ value, offset }) => ({ value: copies.get(value) ?? value, offset })),
  });
}

/** Creates new values in place of those that a step creates. The parts of a joined value's copy are the copies of its parts. */
function copiesFor(step: Step): (readonly [Value, Value])[] {
  return madeBy(step).flatMap((value) => {
    const parts = (value.parts ?? []).map((part) => ({ ...part, copy: copyOf(part.value) }));
    const whole =
      value.parts === undefined
        ? copyOf(value)
        : { ...copyOf(value), parts: parts.map(({ copy, offset }) => ({ value: copy, offset })) };
    return [[value, whole] as const, ...parts.map((part) => [part.value, part.copy] as const)];
  });
}

function copyOf({ name, shape, dtype }: Value): Value {
  return transient(`${name} again`, shape, dtype);
}
