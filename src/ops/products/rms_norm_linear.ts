import { rowsAndColumns } from '../../core/numbers/shape';
import type { Graph } from '../../graph/graph';
import type { Step } from '../../graph/step';
import type { Value } from '../../graph/value';
import { rmsNormForward } from '../norms/rms_norm';
import { shaderKernel } from '../shader_kernel';
import { linearForward } from './linear';
import { normVariants, ROWS_OF_QUAD } from './norm_variants';
import { RIGHT_READERS } from './operand_storage';

const PARAMS = {
  N: 'size',
  C: 'size',
  R: 'size',
  stride: 'u32',
  eps: 'f32',
  weight_offset: 'f32',
} as const;

/** The shader files that all variants have in common. */
const FILES = [
  'rms_norm_linear',
  'result_vec4',
  'result_whole',
  'left_vec4',
  'left_from_start',
  'right_begin_rows',
  'right_rows',
  ...RIGHT_READERS.f32,
  'block',
];
const IN_TILES = [...FILES, 'norm_in_tile', 'one_range', 'whole_range'];
const BY_QUADS = ['enable_subgroups', ...FILES, 'left_rows', 'norm_of_rows', 'neighbours', 'norm_by_quads'];

export const rmsNormLinear = shaderKernel({
  name: 'rms_norm_linear',
  bindings: { x: 'read', weight: 'read', A: 'read', y: 'write', rstd: 'write', u: 'write' },
  params: PARAMS,
  splits: true,
  variants: normVariants<typeof PARAMS>({ inTiles: IN_TILES, byQuads: BY_QUADS, held: 12 }),
  flops: ({ N, C, R }) => 2 * N * C * R + 4 * N * C,
});

/**
 * Replaces the last two steps by one dispatch, if they are the RMSNorm that computed x (…, C) and the matrix product u = x·Aᵀ (…, R) with A
 * (R, ≥ C). The lengths of all matrix rows must be multiples of 4, and the number of rows of x a multiple of 16. So products of few rows,
 * which have tiles of their own, aren't replaced. x and u stay the same `Value` objects.
 */
export function joinNorm(g: Graph, x: Value, { u, A }: { readonly u: Value; readonly A: Value }): void {
  const [norm, product] = g.steps.slice(-2);
  if (norm === undefined || product === undefined || norm.chunk !== product.chunk) return;
  const { x: given, weight, rstd } = norm.values;
  if (given === undefined || weight === undefined || rstd === undefined) return;
  if (!isNormOf(norm, x) || !isProductOf(product, u) || rowsAndColumns(x.shape).rows % ROWS_OF_QUAD !== 0) return;
  if (g.takeBack((step) => step === product) === undefined) return;
  g.takeBack((step) => step === norm);
  const { N = 0, C = 0, eps = 0, weight_offset = 0 } = norm.params;
  const { M: R = 0, stride = 0 } = product.params;
  g.emit(rmsNormLinear, { x: given, weight, A }, { y: x, rstd, u }, { N, C, R, stride, eps, weight_offset });
}

/** Whether the step is the RMSNorm that computed x, and normalised whole rows rather than each of several heads. */
function isNormOf({ kernel, values, params }: Step, x: Value): boolean {
  return kernel === rmsNormForward && values.y === x && params.C === x.shape.at(-1);
}

/** Whether the step is the matrix product that computed u, from matrices in f32 whose row lengths are multiples of 4. */
function isProductOf({ kernel, values }: Step, u: Value): boolean {
  return kernel === linearForward.kernel('vec4', 'f32') && values.y === u;
}
