import { isDeepStrictEqual } from 'node:util';
import { expect } from 'vitest';
import { numel } from '../../../src/core/numbers/shape';
import { storages } from '../../../src/core/numbers/storage';
import { chooseVariant } from '../../../src/gpu/choice/choice';
import { Executor } from '../../../src/gpu/executor';
import { SubmitBudget } from '../../../src/gpu/submit_budget';
import type { Graph } from '../../../src/graph/graph';
import type { Step } from '../../../src/graph/step';
import { pinned, type Value } from '../../../src/graph/value';
import { type Memory, runReference } from '../../reference/runner';
import type { Choice } from '../ring';
import { worstDifference } from './differences';
import { gpuHost } from './gpu_host';

/** The variants of matrix products for many rows, by the name of their tiles. */
export const TILES = ['register', 'wide', 'workgroup', 'workgroup_oblong', 'workgroup_small', 'subgroup'] as const;
/** The variants of matrix products that multiply in f16, for devices that support it. */
export const TILES_IN_F16 = ['f16', 'f16_small'] as const;
/** The variants for few rows. Kernels without them, such as those that compute gradients, use the device's default variant instead. */
export const FEW_ROWS = ['row', 'row_serial'] as const;

/**
 * Whether `npm test` runs all matrix products in this variant, not only `linear`: one variant for each way in which threads share
 * operands, and those for few rows. `workgroup_small` compiles in half the time that `workgroup` takes, which `api/gpus` runs in models.
 */
export const isTypicalTile = (variant: string): boolean =>
  ['register', 'workgroup_small', 'subgroup', ...FEW_ROWS].includes(variant);

/** Whether kernels use this variant by default on the tests' GPU driver. `npm run test:quick` tests only such variants. */
export const isDefaultVariant = (variant: string): boolean => ['subgroup', 'held', 'row_serial'].includes(variant);

/** Decides which test commands run a variant of a matrix product other than `linear`. All use the same code for tiles. */
export const OF_SHARED_TILES: Choice<{ readonly variant: string }> = {
  test: ({ variant }) => isTypicalTile(variant),
  quick: ({ variant }) => isDefaultVariant(variant),
  leaves: true,
};

/** Returns every combination of a variant and a case. */
export function withVariants<T>(
  variants: readonly string[],
  cases: readonly T[],
): (T & { readonly variant: string })[] {
  return variants.flatMap((variant) => cases.map((one) => ({ variant, ...one })));
}

export interface GpuOptions {
  /** The name of the variant to use in all kernels that have it. */
  readonly variant?: string;
  /** The size in bytes above which weights are split into shards. */
  readonly maxBindingBytes?: number;
  /** The budget for the work in a submit. Default: a budget that adapts to measured times. */
  readonly budget?: SubmitBudget;
}

/** Makes an executor on the shared test device. */
export function testExecutor({ variant, ...options }: GpuOptions = {}): Executor {
  // In matrix products that reduce the results of their tiles, the variant with small tiles has another name.
  const names = variant === 'workgroup_small' ? [variant, 'workgroup_least'] : [variant];
  const choose: typeof chooseVariant = (step, info) =>
    step.kernel.variants.find(({ name, fits }) => names.includes(name) && fits(step.params)) ??
    chooseVariant(step, info);
  return new Executor(gpuHost(), { choose, ...options });
}

/** Encodes float64 numbers in a value's dtype. For dtypes other than f32 and u32, throws unless the numbers are exact in it. */
export function encode(value: Value, numbers: Float64Array): ArrayBufferView<ArrayBuffer> {
  const { name, dtype, shape } = value;
  if (dtype === 'u32') return Uint32Array.from(numbers);
  if (dtype === 'f32') return Float32Array.from(numbers);
  const encoded = storages[dtype].encode(Float32Array.from(numbers), shape);
  const decoded = storages[dtype].decode(encoded.buffer, shape);
  const wrong = numbers.findIndex((number, index) => number !== decoded[index]);
  if (wrong >= 0) throw new Error(`${name}[${wrong}]: ${numbers[wrong]} is ${decoded[wrong]} in ${dtype}`);
  return new Uint8Array([...new Uint8Array(encoded.buffer), ...[0, 0, 0].slice(0, -encoded.byteLength & 3)]);
}

/** Runs steps on the GPU from the given pinned values, and reads `wanted` back as float64. */
export async function runOnGpu(
  steps: readonly Step[],
  memory: Memory,
  wanted: readonly Value[],
  options: GpuOptions = {},
): Promise<Map<Value, Float64Array>> {
  const executor = testExecutor(options);
  for (const [value, numbers] of memory) if (value.pinned) executor.write(value, encode(value, numbers));
  const outputs = wanted.filter((value) => !value.pinned);
  const loaded = await executor.load({ name: 'test', steps, outputs });
  executor.run(loaded);
  const results = new Map<Value, Float64Array>();
  const reads = wanted.map(async (value) => {
    const bytes = await executor.read(value);
    const typed = value.dtype === 'u32' ? new Uint32Array(bytes) : new Float32Array(bytes);
    results.set(value, Float64Array.from(typed.subarray(0, numel(value.shape))));
  });
  await Promise.all(reads);
  loaded.release();
  executor.free(memory.keys());
  return results;
}

/**
 * Runs a graph on the GPU and in float64 from the same values, and compares `wanted`: |gpu − reference| must be at most
 * `tolerance` × (the reference's largest magnitude + `floor`). A tolerance of 0 requires equality. If dispatches are split into
 * as many pieces as possible, the results must have the same bits.
 */
export async function expectGpuEqualsReference(
  g: Graph,
  memory: Memory,
  wanted: readonly Value[],
  tolerance: number,
  { floor = 1e-3, ...options }: GpuOptions & { floor?: number } = {},
): Promise<void> {
  const copies: Memory = new Map([...memory].map(([value, numbers]) => [value, numbers.slice()]));
  const gpu = await runOnGpu(g.steps, memory, wanted, options);
  const inPieces = await runOnGpu(g.steps, memory, wanted, { ...options, budget: new SubmitBudget({ most: 1 }) });
  runReference(g.steps, copies);
  for (const value of wanted) {
    const expected = copies.get(value) as Float64Array;
    const actual = gpu.get(value) as Float64Array;
    expect(isDeepStrictEqual(inPieces.get(value), actual), `${value.name} in pieces`).toBe(true);
    const scale = expected.reduce((max, v) => Math.max(max, Math.abs(v)), 0) + floor;
    const { difference: worst, at } = worstDifference(actual, expected);
    expect(worst, `${value.name}[${at}]: ${actual[at]} on the GPU, ${expected[at]} in float64`).toBeLessThanOrEqual(
      tolerance * scale,
    );
  }
}

/** Makes a pinned input, and puts its numbers into `memory`. */
export function input(
  memory: Memory,
  name: string,
  shape: readonly number[],
  numbers: Float64Array,
  dtype?: Value['dtype'],
): Value {
  const value = pinned(name, shape, dtype);
  memory.set(value, numbers);
  return value;
}
