import { Breather } from '../../../core/async/breather';
import type { Tensor } from '../../../core/types/tensor';
import type { KindOptions, WeightedSum } from '../../adapter';
import { expectLoadableSum } from '../../files/file_values';
import type { LoraConfig } from '../config/lora_config';
import { layoutMatrices, matrixName, type RankedModule } from '../lora_layout';
import { patternValues } from '../lora_patterns';
import { truncatedProduct } from './low_rank_svd';
import { type LoraPart, type SumRules, sumRules } from './sum_rules';

/** The matrices of one of the summed adapters, for one module. */
interface Summand {
  /** The factor of B·A in the sum: the adapter's weight, multiplied by the scale of its module. */
  readonly factor: number;
  /** (r, in) */
  readonly A: Tensor;
  /** (out, r) */
  readonly B: Tensor;
  /** (out) */
  readonly bias: Tensor | undefined;
}

interface Sum {
  readonly A: Float32Array;
  readonly B: Float32Array;
}

/**
 * Computes the adapter that PEFT's `add_weighted_adapter` creates from `parts`. Its scale is 1. With 'cat', and with 'svd' at full rank,
 * its ΔW is exactly Σ weight·ΔW; 'linear' sums A and B separately. Throws `invalid_argument` with PEFT's messages, and for values that are
 * too large. Throws `limit_exceeded` for matrices of more than 1 GiB.
 */
export async function sumOfLora(
  parts: readonly LoraPart[],
  options: KindOptions,
  signal?: AbortSignal,
): Promise<WeightedSum<LoraConfig>> {
  const rules = sumRules(parts, options);
  expectRoom(parts, rules);
  const parameters = new Map<string, Tensor>();
  const breather = new Breather(signal);
  const scaled = parts.map((part) => ({ ...part, alphas: alphasOf(part) }));
  for (const module of new Set(parts.flatMap(({ modules }) => [...modules.keys()]))) {
    const summands = scaled.flatMap((part) => summandOf(part, module) ?? []);
    for (const [name, tensor] of await sumOf(module, summands, { ...rules, breather })) parameters.set(name, tensor);
  }
  for (const { data } of parameters.values()) expectLoadableSum(data);
  return { config: rules.config, tensors: { parameters, frozen: new Map(), others: new Map() } };
}

/** Throws `limit_exceeded` if the sum's matrices would exceed the limit of an adapter's pool, before they are computed. */
function expectRoom(parts: readonly LoraPart[], { r, config }: SumRules): void {
  const modules = parts.flatMap((part) =>
    [...part.modules].map(([name, size]): [string, RankedModule] => [name, { ...size, r, scale: 1, hasBias: false }]),
  );
  layoutMatrices(new Map(modules), config);
}

type Alphas = ReadonlyMap<string, number>;

function alphasOf({ config, modules }: LoraPart): Alphas {
  return patternValues('alpha_pattern', config.alpha_pattern, [...modules.keys()]).values;
}

function summandOf(
  { weight, config, tensors, alphas }: LoraPart & { readonly alphas: Alphas },
  module: string,
): Summand | undefined {
  const { parameters } = tensors;
  const A = parameters.get(matrixName(module, 'A.weight'));
  const B = parameters.get(matrixName(module, 'B.weight'));
  if (A === undefined || B === undefined) return undefined;
  const [r = 0] = A.dims;
  const scale = (alphas.get(module) ?? config.lora_alpha) / (config.use_rslora ? Math.sqrt(r) : r);
  return { factor: weight * scale, A, B, bias: parameters.get(matrixName(module, 'B.bias')) };
}

async function sumOf(
  module: string,
  summands: readonly Summand[],
  { combination, r, config, breather }: SumRules & { readonly breather: Breather },
): Promise<[string, Tensor][]> {
  await breather.breathe();
  const [{ A: first, B: second }] = summands as readonly [Summand, ...Summand[]];
  const [inputs, outputs] = [first.dims[1] ?? 0, second.dims[0] ?? 0];
  const { A, B } = await WAYS[combination](summands, { r, inputs, outputs }, breather);
  const sum: [string, Tensor][] = [
    [matrixName(module, 'A.weight'), { dims: [r, inputs], data: A }],
    [matrixName(module, 'B.weight'), { dims: [outputs, r], data: B }],
  ];
  if (!config.lora_bias) return sum;
  const bias = new Float32Array(outputs);
  for (const { factor, bias: own } of summands) if (own !== undefined) addTo(bias, 1, own, { factor });
  return [...sum, [matrixName(module, 'B.bias'), { dims: [outputs], data: bias }]];
}

interface SumSizes {
  readonly r: number;
  readonly inputs: number;
  readonly outputs: number;
}

type Way = (summands: readonly Summand[], sizes: SumSizes, breather: Breather) => Sum | Promise<Sum>;

/** Functions that combine the matrices of the summed adapters. Each pads its results with zeros to the rank of the sum. */
const WAYS: Readonly<Record<SumRules['combination'], Way>> = {
  linear(summands, { r, inputs, outputs }) {
    const [A, B] = [new Float32Array(r * inputs), new Float32Array(outputs * r)];
    for (const { factor, A: a, B: b } of summands) {
      // Only A is multiplied by the factor's sign: in the product B·A, two signs would cancel out.
      const root = Math.sqrt(Math.abs(factor));
      addTo(A, inputs, a, { factor: factor >= 0 ? root : -root });
      addTo(B, r, b, { factor: root });
    }
    return { A, B };
  },
  cat(summands, { r, inputs, outputs }) {
    const [A, B] = [new Float32Array(r * inputs), new Float32Array(outputs * r)];
    let first = 0;
    for (const { factor, A: a, B: b } of summands) {
      addTo(A.subarray(first * inputs), inputs, a, { factor });
      addTo(B, r, b, { column: first });
      first += a.dims[0] ?? 0;
    }
    return { A, B };
  },
  async svd(summands, { r, inputs, outputs }, breather) {
    const scaled = summands.map(({ factor, B }) => columnsOf(B).map((column) => column.map((value) => factor * value)));
    const { us, v } = await truncatedProduct(
      scaled.flat(),
      summands.flatMap(({ A }) => rowsOf(A)),
      r,
      breather,
    );
    const [A, B] = [new Float32Array(r * inputs), new Float32Array(outputs * r)];
    for (const [column, data] of us.entries()) addTo(B, r, { dims: [outputs, 1], data }, { column });
    for (const [row, data] of v.entries()) A.set(data, row * inputs);
    return { A, B };
  },
};

/**
 * Adds factor · matrix, rounded to float32, to the matrix `sum`, whose rows have `width` elements. The first column of the matrix is added
 * to the column `column` of `sum`.
 */
function addTo(
  sum: Float32Array,
  width: number,
  { dims, data }: { readonly dims: readonly number[]; readonly data: ArrayLike<number> },
  { factor = 1, column = 0 }: { readonly factor?: number; readonly column?: number },
): void {
  const [rows = 0, columns = 1] = dims;
  const rounded = Math.fround(factor);
  for (let row = 0; row < rows; row++) {
    for (let at = 0; at < columns; at++) {
      const place = row * width + column + at;
      sum[place] = (sum[place] as number) + Math.fround(rounded * (data[row * columns + at] as number));
    }
  }
}

function rowsOf({ dims, data }: Tensor): Float64Array[] {
  const [rows = 0, columns = 0] = dims;
  return Array.from({ length: rows }, (_, row) => Float64Array.from(data.subarray(row * columns, (row + 1) * columns)));
}

function columnsOf({ dims, data }: Tensor): Float64Array[] {
  const [rows = 0, columns = 0] = dims;
  return Array.from({ length: columns }, (_, column) =>
    Float64Array.from({ length: rows }, (_each, row) => data[row * columns + column] as number),
  );
}
