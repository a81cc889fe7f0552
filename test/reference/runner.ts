import { numel } from '../../src/core/numbers/shape';
import type { Step } from '../../src/graph/step';
import type { Value } from '../../src/graph/value';
import { references } from './index';

/** The contents of a program's values in float64: inputs, and results of steps. */
export type Memory = Map<Value, Float64Array>;

/** Runs a program in float64, step by step, with the references of its kernels. */
export function runReference(steps: readonly Step[], memory: Memory, chunks = Number.POSITIVE_INFINITY): Memory {
  for (const step of steps) {
    if (step.chunk !== undefined && step.chunk >= chunks) continue;
    const reference = references[step.kernel.name];
    if (reference === undefined) throw new Error(`no reference for kernel ${step.kernel.name}`);
    const arrays: Record<string, Float64Array> = {};
    for (const [name, value] of Object.entries(step.values)) arrays[name] = arrayOf(memory, value);
    reference(arrays, step.params);
    for (const [name, value] of Object.entries(step.values)) scatter(memory, value, arrays[name]);
  }
  return memory;
}

/** Copies the elements of a concatenation into the values that it consists of. */
function scatter(memory: Memory, { parts = [] }: Value, whole: Float64Array | undefined): void {
  for (const { value, offset } of parts) {
    arrayOf(memory, value).set(whole?.subarray(offset, offset + numel(value.shape)) ?? []);
  }
}

function arrayOf(memory: Memory, value: Value): Float64Array {
  if (value.view !== undefined) {
    const { of, offset } = value.view;
    return arrayOf(memory, of).subarray(offset, offset + numel(value.shape));
  }
  if (value.parts !== undefined) {
    const whole = new Float64Array(numel(value.shape));
    for (const part of value.parts) whole.set(arrayOf(memory, part.value), part.offset);
    return whole;
  }
  const known = memory.get(value);
  if (known !== undefined) return known;
  const made = value.content === undefined ? new Float64Array(numel(value.shape)) : Float64Array.from(value.content);
  memory.set(value, made);
  return made;
}
