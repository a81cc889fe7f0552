import { WebVeraError } from '../../../core/errors/error';
import type { Tensor } from '../../../core/types/tensor';
import { LARGEST_VALUE } from '../../config/largest_value';
import { savedName } from '../../pool/saved_names';
import { type ModuleVectors, unionOfModules, type VeraValues, vectorsOf, type WeightedPart } from './vectors';

type SummedProjections = VeraValues['projections'];
type WeightedVectors = ModuleVectors & { readonly weight: number };

/**
 * The VeRA adapter whose ΔW is Σ weight·ΔW, over all modules of the parts. Sums are taken in float64 and rounded once.
 *
 * It exists if the parts share r, A and B, and if in each module all parts that contribute have the same λ_d or the same λ_b.
 * Throws `invalid_argument` otherwise, and for what `weightedLora` refuses.
 */
export function combineVectors(parts: readonly WeightedPart[]): VeraValues {
  const modules = unionOfModules(parts);
  const r = sharedRank(parts);
  const projections = parts.map((part) => part.projections).reduce(sharedProjections);
  const vectors = new Map<string, Float32Array>();
  for (const [module, size] of modules) {
    const having = parts.filter((part) => part.modules.has(module));
    const { b, d } = combine(
      module,
      having.map((part) => ({ ...vectorsOf(part, module, size), weight: part.weight })),
    );
    vectors.set(savedName(`${module}.vera_lambda_b`), b).set(savedName(`${module}.vera_lambda_d`), d);
  }
  return { r, modules, projections, vectors };
}

function sharedRank(parts: readonly WeightedPart[]): number {
  const [r = 0, ...others] = new Set(parts.map((part) => part.r));
  if (others.length === 0) return r;
  throw impossible(`adapters of one rank, got r = ${[r, ...others].join(', ')}`);
}

/** The larger of two pairs that are equal where they overlap: adapters over smaller modules have smaller A and B. */
function sharedProjections(one: SummedProjections, other: SummedProjections): SummedProjections {
  const agree = (a: Tensor, b: Tensor): boolean => a === b || agreeWhereBoth(a, b);
  if (!agree(one.A, other.A) || !agree(one.B, other.B)) {
    throw impossible(
      'adapters that share A and B, got others: of another projection_prng_key, or sized for other modules',
    );
  }
  const larger = (a: Tensor, b: Tensor): Tensor => (b.data.length > a.data.length ? b : a);
  return { A: larger(one.A, other.A), B: larger(one.B, other.B) };
}

function agreeWhereBoth(a: Tensor, b: Tensor): boolean {
  const [rowsA = 0, columnsA = 0] = a.dims;
  const [rowsB = 0, columnsB = 0] = b.dims;
  const columns = Math.min(columnsA, columnsB);
  for (let row = 0; row < Math.min(rowsA, rowsB); row++) {
    for (let column = 0; column < columns; column++) {
      if (a.data[row * columnsA + column] !== b.data[row * columnsB + column]) return false;
    }
  }
  return true;
}

function combine(module: string, parts: readonly WeightedVectors[]): ModuleVectors {
  const adding = parts.filter(({ weight, b, d }) => weight !== 0 && !isZero(b) && !isZero(d));
  const [first] = adding.length === 0 ? parts : adding;
  if (first === undefined) throw new WebVeraError('internal', `${module} belongs to no part of the sum`);
  if (adding.every(({ d }) => equal(d, first.d))) return { b: sum(first.b.length, adding, 'b'), d: first.d };
  if (adding.every(({ b }) => equal(b, first.b))) return { b: first.b, d: sum(first.d.length, adding, 'd') };
  throw impossible(`adapters with the same λ_d or the same λ_b in ${module}, got both different`, { module });
}

function sum(length: number, parts: readonly WeightedVectors[], vector: 'b' | 'd'): Float32Array {
  const total = new Float64Array(length);
  for (const part of parts) {
    const values = part[vector];
    for (let i = 0; i < length; i++) total[i] = (total[i] as number) + part.weight * (values[i] as number);
  }
  const rounded = Float32Array.from(total);
  const wrong = rounded.find((value) => !(Math.abs(value) <= LARGEST_VALUE));
  if (wrong === undefined) return rounded;
  throw new WebVeraError('invalid_argument', `weights: expected a sum of at most ${LARGEST_VALUE}, got ${wrong}`, {
    hint: 'An adapter with larger values could not be loaded again. Use smaller weights.',
  });
}

function isZero(values: Float32Array): boolean {
  return values.every((value) => value === 0);
}

function equal(a: Float32Array, b: Float32Array): boolean {
  return a === b || a.every((value, index) => value === b[index]);
}

function impossible(expected: string, detail: Readonly<Record<string, unknown>> = {}): WebVeraError {
  return new WebVeraError('invalid_argument', `A weighted sum as one VeRA adapter: expected ${expected}`, {
    hint: 'save_as_lora({ adapters, weights }) gives the sum of any adapters exactly, as a LoRA.',
    detail,
  });
}
