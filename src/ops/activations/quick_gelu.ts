import type { Graph } from '../../graph/graph';
import type { Value } from '../../graph/value';
import { elementwise, elementwiseBackward, elementwiseForward } from './elementwise';

export const quickGeluForward = elementwiseForward({ name: 'quick_gelu', with: ['sigmoid'], flops: 5 });
export const quickGeluBackward = elementwiseBackward({ name: 'quick_gelu_backward', with: ['sigmoid'], flops: 8 });

/** CLIP's approximation of GELU, Hugging Face's `quick_gelu`: x · σ(1.702x). */
export function quickGelu(g: Graph, x: Value): Value {
  return elementwise(g, x, quickGeluForward, quickGeluBackward);
}
