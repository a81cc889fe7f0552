import { WebVeraError } from '../../../core/errors/error';
import type { Tensor } from '../../../core/types/tensor';
import type { SumPart, WeightedSum } from '../../adapter';
import { expectLoadableSum } from '../../files/file_values';
import { savedName } from '../../pool/pool_layout';
import { VeraConfig } from '../config/vera_config';
import { VERA_A, VERA_B } from '../vera_files';
import { type ModuleVectors, unionOfModules, type VeraValues, vectorsOf, type WeightedPart } from './vectors';

type SummedProjections = VeraValues['projections'];
type WeightedVectors = ModuleVectors & { readonly weight: number };

/**
 * Computes the VeRA adapter whose ΔW is Σ weight·ΔW over the adapters `parts`, in all their modules. Sums are computed in float64 and
 * rounded once.
 *
 * Such an adapter exists if the parts share r, A and B, and if in each module all parts that contribute have the same λ_d or the same λ_b.
 * Throws `invalid_argument` otherwise, and for parts that `weightedLora` rejects.
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

/**
 * Returns the larger A and the larger B of two adapters: an adapter with smaller modules has smaller matrices. Throws `invalid_argument` if
 * the matrices differ in the rows and columns that both adapters have.
 */
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
  expectLoadableSum(rounded);
  return rounded;
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

/**
 * Returns the configuration and the tensors of the adapter whose ΔW is the weighted sum of the parts' ΔW. Throws like `combineVectors`, and
 * for parts with `use_dora`.
 */
export function sumOf(parts: readonly SumPart<VeraConfig>[]): WeightedSum<VeraConfig> {
  if (parts.some(({ config }) => config.use_dora)) {
    throw new WebVeraError(
      'invalid_argument',
      'add_weighted_adapter: expected adapters without use_dora, got one with it',
      {
        hint: 'A sum has no place for trained lengths of rows. Merge the adapters one after the other instead.',
      },
    );
  }
  const { modules, vectors, projections } = combineVectors(parts.map(valuesOf));
  const config = new VeraConfig({
    ...parts[0]?.config,
    // The caller rejects adapters that train tensors of the base model, so in `parts` these two fields only name tensors that it lacks.
    bias: 'none',
    modules_to_save: null,
    inference_mode: false,
    target_modules: [...modules.keys()],
    layers_to_transform: null,
    layers_pattern: null,
  });
  const parameters = new Map([...vectors].map(([name, data]) => [name, { dims: [data.length], data }]));
  const frozen = new Map([
    [VERA_A, projections.A],
    [VERA_B, projections.B],
  ]);
  return { config, tensors: { parameters, frozen, others: new Map() } };
}

/** Converts one of the summed adapters to VeRA's values: r, A, B and the vectors. */
export function valuesOf({
  weight,
  config,
  modules,
  tensors: { parameters, frozen },
}: SumPart<VeraConfig>): WeightedPart {
  const [A, B] = [frozen.get(VERA_A), frozen.get(VERA_B)];
  if (A === undefined || B === undefined) throw new WebVeraError('internal', 'A sum of adapters without A and B');
  const vectors = new Map([...parameters].map(([name, { data }]) => [name, data]));
  return { weight, r: config.r, modules, projections: { A, B }, vectors };
}
