import { numel } from '../../core/numbers/shape';
import type { Graph } from '../../graph/graph';
import type { Value } from '../../graph/value';
import { elementwise, elementwiseBackward, elementwiseForward } from './elementwise';

const numbers = { slope: 'f32' } as const;

export const siluForward = elementwiseForward({ name: 'silu', with: ['sigmoid'], flops: 5, numbers });
export const siluBackward = elementwiseBackward({ name: 'silu_backward', with: ['sigmoid'], flops: 8, numbers });

/** SiLU, also called swish: x · σ(x). With a slope s it is x · σ(s · x), which approximates GELU if s is 1.702. */
export function silu(g: Graph, x: Value, slope = 1): Value {
  return elementwise(g, x, siluForward, siluBackward, { size: numel(x.shape), slope });
}
