import { expectShape, rowsAndColumns } from '../../core/numbers/shape';
import type { Graph, Sink } from '../../graph/graph';
import type { Value } from '../../graph/value';
import { passOn } from '../add';
import { accumulatedIn, columnVariants } from '../rows/column_sum';
import { flatKernel, shaderKernel } from '../shader_kernel';

const params = { N: 'size', T: 'size', C: 'size', K: 'size' } as const;

export const shortConvForward = flatKernel({
  name: 'short_conv',
  bindings: { bcx: 'read', weight: 'read', spans: 'read', y: 'write' },
  params,
  with: ['convolved'],
  threads: ({ N, C }) => N * C,
  inVec4: ({ C }) => C % 4 === 0,
  flops: ({ N, C, K }) => 3 * K * N * C,
});

export const shortConvBackward = flatKernel({
  name: 'short_conv_backward',
  bindings: { bcx: 'read', weight: 'read', spans: 'read', dy: 'read', dbcx: 'write' },
  params,
  with: ['convolved'],
  threads: ({ N, C }) => N * C,
  inVec4: ({ C }) => C % 4 === 0,
  flops: ({ N, C, K }) => 6 * K * N * C,
});

export const shortConvWeightBackward = shaderKernel({
  name: 'short_conv_weight_backward',
  bindings: { bcx: 'read', spans: 'read', dy: 'read', dweight: 'update' },
  params,
  variants: columnVariants('short_conv_weight_backward'),
  flops: ({ N, C }) => 4 * N * C,
});

interface ShortConvInputs {
  /** (N, 3·C): the gate before the convolution, the gate after it, and the numbers to convolve, side by side. */
  readonly bcx: Value;
  /** (K, C): for each feature, the factors of the token K − 1 places before, …, and of the token itself. */
  readonly weight: Value;
  /** u32 (B, T, 2): the result of `attentionSpans`. Padding may be anywhere in a row. */
  readonly spans: Value;
}

/**
 * Convolves each feature over time, between two gates: c ⊙ conv(b ⊙ x), (N, C), for the columns b, c and x of `bcx`. A token sees the K − 1
 * tokens before it, except padding and those of other documents; the result of padding is zero, as in transformers. bcx and weight receive
 * gradients if they train.
 */
export function shortConv(g: Graph, { bcx, weight, spans }: ShortConvInputs): Value {
  const { rows: N } = rowsAndColumns(bcx.shape);
  const [K = 0, C = 0] = weight.shape;
  const [B = 0, T = 0] = spans.shape;
  expectShape('short_conv bcx', bcx.shape, [B * T, 3 * C]);
  const sizes = { N, T, C, K };
  const { y } = g.emit(shortConvForward, { bcx, weight, spans }, { y: [N, C] }, sizes);
  g.differentiate(y, [bcx, weight], (dy, [toBcx, toWeight]) => {
    const byBcx = (sink: Sink): Value | undefined =>
      passOn(g, g.emit(shortConvBackward, { bcx, weight, spans, dy }, { dbcx: bcx.shape }, sizes).dbcx, sink);
    const byWeight = (sink: Sink): Value => {
      const dweight = accumulatedIn(sink, weight);
      g.emit(shortConvWeightBackward, { bcx, spans, dy, dweight }, {}, { ...sizes, C: K * C });
      return dweight;
    };
    return [toBcx.wanted ? byBcx(toBcx) : undefined, toWeight.wanted ? byWeight(toWeight) : undefined];
  });
  return y;
}
