import { existsSync, readFileSync } from 'node:fs';
import type { ModuleVectors, VeraValues } from '../../../src/adapters/vera/sums/vectors';
import type { Tensor } from '../../../src/core/types/tensor';
import { readSafetensors } from '../../../src/formats/tensors/safetensors';
import { toFloat32 } from '../../../src/formats/tensors/values';
import { goldenNames } from '../golden/golden_index';

const CASES = 'test/golden/cases';

/** The golden cases that include an adapter with its projections. */
export const casesWithAdapter: readonly string[] = goldenNames().filter((name) =>
  existsSync(`${CASES}/${name}/adapter/adapter_model.safetensors`),
);

/** Reads all tensors of a safetensors file as float32. */
export function tensorsIn(file: Uint8Array): ReadonlyMap<string, Tensor> {
  return new Map(
    [...readSafetensors(file).tensors].map(([name, raw]) => [name, { dims: raw.shape, data: toFloat32(raw) }]),
  );
}

/** Reads a golden case's adapter from its files, without the library's own adapter reader. */
export function goldenValues(name: string): VeraValues {
  const { vera_config, wrapped_modules } = JSON.parse(readFileSync(`${CASES}/${name}/case.json`, 'utf8')) as {
    vera_config: { r: number };
    wrapped_modules: { name: string; in_features: number; out_features: number }[];
  };
  const tensors = tensorsIn(new Uint8Array(readFileSync(`${CASES}/${name}/adapter/adapter_model.safetensors`)));
  const [A, B] = [tensors.get('base_model.vera_A'), tensors.get('base_model.vera_B')];
  if (A === undefined || B === undefined) throw new Error(`${name} has no projections`);
  return {
    r: vera_config.r,
    modules: new Map(wrapped_modules.map((module) => [module.name, module])),
    projections: { A, B },
    vectors: new Map([...tensors].filter(([key]) => key.includes('lambda')).map(([key, { data }]) => [key, data])),
  };
}

/** Returns an adapter with the same modules and projections, but with vectors that `change` computes from the given ones. */
export function withVectors(
  values: VeraValues,
  change: (vectors: ModuleVectors, module: string) => { readonly b: ArrayLike<number>; readonly d: ArrayLike<number> },
): VeraValues {
  const vectors = new Map<string, Float32Array>();
  for (const module of values.modules.keys()) {
    const [nameB, nameD] = ['b', 'd'].map((kind) => `base_model.model.${module}.vera_lambda_${kind}`) as [
      string,
      string,
    ];
    const { b, d } = change({ b: values.vectors.get(nameB)!, d: values.vectors.get(nameD)! }, module);
    vectors.set(nameB, Float32Array.from(b)).set(nameD, Float32Array.from(d));
  }
  return { ...values, vectors };
}

/** Computes a module's λ_b ⊙ B(λ_d ⊙ A·x) in float64, and for each output the sum of the absolute values of its terms. */
export function veraDelta(
  { r, modules, projections: { A, B }, vectors }: VeraValues,
  module: string,
  x: readonly number[],
): { readonly y: number[]; readonly size: number[] } {
  const { out_features } = modules.get(module)!;
  const b = vectors.get(`base_model.model.${module}.vera_lambda_b`)!;
  const d = vectors.get(`base_model.model.${module}.vera_lambda_d`)!;
  const rowsA = Array.from({ length: r }, (_, k) => x.map((_, i) => d[k]! * A.data[k * A.dims[1]! + i]!));
  const rowsB = Array.from({ length: out_features }, (_, o) =>
    rowsA.map((_, k) => b[o]! * B.data[o * B.dims[1]! + k]!),
  );
  return twoSteps(rowsA, rowsB, x);
}

/** Computes B(A·x) in float64, and for each output the sum of the absolute values of its terms. */
export function loraDelta({ A, B }: { readonly A: Tensor; readonly B: Tensor }, x: readonly number[]) {
  const rows = ({ dims, data }: Tensor) =>
    Array.from({ length: dims[0]! }, (_, row) => [...data.subarray(row * dims[1]!, (row + 1) * dims[1]!)]);
  return twoSteps(rows(A), rows(B), x);
}

function twoSteps(A: readonly number[][], B: readonly number[][], x: readonly number[]) {
  const dot = (a: readonly number[], b: readonly number[]) => a.reduce((sum, value, i) => sum + value * b[i]!, 0);
  const absolute = (values: readonly number[]) => values.map(Math.abs);
  const u = A.map((row) => dot(row, x));
  const uSize = A.map((row) => dot(absolute(row), absolute(x)));
  return { y: B.map((row) => dot(row, u)), size: B.map((row) => dot(absolute(row), uSize)) };
}
