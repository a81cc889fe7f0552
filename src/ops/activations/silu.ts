import type { Graph } from '../../graph/graph';
import type { Value } from '../../graph/value';
import { elementwise, elementwiseBackward, elementwiseForward } from './elementwise';

export const siluForward = elementwiseForward({ name: 'silu', with: ['sigmoid'], flops: 4 });
export const siluBackward = elementwiseBackward({ name: 'silu_backward', with: ['sigmoid'], flops: 7 });

/** SiLU, also called swish: x · σ(x). */
export function silu(g: Graph, x: Value): Value {
  return elementwise(g, x, siluForward, siluBackward);
}
