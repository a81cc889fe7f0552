import { rowsAndColumns } from '../../core/numbers/shape';
import type { Graph } from '../../graph/graph';
import type { Step } from '../../graph/step';
import type { Value } from '../../graph/value';
import { rmsNormBackward } from '../norms/rms_norm';
import { normVariants, ROWS_OF_QUAD } from '../products/norm_variants';
import { RIGHT_READERS, rightStorage } from '../products/operand_storage';
import { shaderKernel } from '../shader_kernel';
import type { Together } from './low_rank';

const PARAMS = {
  N: 'size',
  C: 'size',
  R: 'size',
  lambda_b: 'place',
  lambda_d: 'place',
  eps: 'f32',
  weight_offset: 'f32',
  has_sum: 'u32',
} as const;

/** The shader files that all variants have in common. */
const FILES = [
  'rms_norm_up_backward',
  'result_vec4',
  'result_whole',
  'right_begin_columns',
  'right_scaled_columns',
  ...RIGHT_READERS.f32,
  'block',
];
const IN_TILES = [...FILES, 'norm_gradient_in_tile', 'one_range', 'whole_range'];
const OF_ROWS = ['left_rows', 'left_vec4', 'left_from_start', 'norm_gradient_of_rows'];
const BY_QUADS = ['enable_subgroups', ...FILES, ...OF_ROWS, 'neighbours', 'norm_by_quads'];

export const rmsNormUpBackward = shaderKernel({
  name: 'rms_norm_up_backward',
  bindings: {
    x: 'read',
    weight: 'read',
    dy: 'read',
    sum: 'read',
    B: 'read',
    lambda: 'read',
    dx: 'write',
    du: 'write',
  },
  params: PARAMS,
  splits: true,
  variants: normVariants<typeof PARAMS>({ inTiles: IN_TILES, byQuads: BY_QUADS, held: 4 }),
  flops: ({ N, C, R }) => 2 * N * C * R + 11 * N * C,
});

/**
 * Computes the gradient of u, for one layer, in the same dispatch as dy, the gradient of the layer's result. This dispatch replaces the
 * last step, which must have computed only dy, as the gradient of an RMSNorm. Also, B must be in f32, the lengths of all matrix rows
 * multiples of 4, and the number of rows a multiple of 16. Otherwise returns undefined. dy stays the same `Value` object.
 */
export function emitWithNorm(g: Graph, { u, B, lambda, dy: dx, layers }: Together): Value | undefined {
  const [layer, ...others] = layers;
  const { rows: N, columns: R } = rowsAndColumns(u.shape);
  const C = dx.shape.at(-1) ?? 0;
  if (layer === undefined || others.length > 0 || N % ROWS_OF_QUAD !== 0) return undefined;
  if (rightStorage(B) !== 'f32' || C % 4 !== 0) return undefined;
  const last = g.steps.at(-1);
  const given = last !== undefined && isGradientOf(last, dx) ? operandsOf(g, last) : undefined;
  if (given === undefined || g.takeBack((step) => step === last) === undefined) return undefined;
  const { eps, weight_offset, has_sum, ...values } = given;
  const { offsetB: lambda_b, offsetD: lambda_d } = layer;
  const params = { N, C, R, lambda_b, lambda_d, eps, weight_offset, has_sum };
  return g.emit(rmsNormUpBackward, { ...values, B, lambda }, { dx, du: u.shape }, params).du;
}

/** Whether the step computed dx as the gradient of an RMSNorm, of whole rows rather than of each of several heads. */
function isGradientOf({ kernel, values, params }: Step, dx: Value): boolean {
  return kernel === rmsNormBackward && values.dx === dx && params.C === dx.shape.at(-1);
}

/** Returns the operands of an RMSNorm's gradient, and eps, which only the step that made rstd has. */
function operandsOf(g: Graph, { values, params: { weight_offset = 0, has_sum = 0 } }: Step) {
  const { x, weight, dy, sum, rstd } = values;
  const eps = g.steps.find((step) => step.values.rstd === rstd && step.params.eps !== undefined)?.params.eps;
  const isWhole = x !== undefined && weight !== undefined && dy !== undefined && sum !== undefined;
  return isWhole && eps !== undefined ? { x, weight, dy, sum, eps, weight_offset, has_sum } : undefined;
}
