import { numel } from '../../core/numbers/shape';
import type { Graph } from '../../graph/graph';
import type { Value } from '../../graph/value';
import { elementwise, elementwiseBackward, elementwiseForward } from './elementwise';

export const geluForward = elementwiseForward({ name: 'gelu', with: ['normal_cdf'], flops: 35 });
export const geluBackward = elementwiseBackward({ name: 'gelu_backward', with: ['normal_cdf'], flops: 39 });

/** Exact GELU, torch's default and Hugging Face's `gelu`: ½x·(1 + erf(x/√2)), with an error of about 1e-7 · |x|. */
export function gelu(g: Graph, x: Value): Value {
  return elementwise(g, x, geluForward, geluBackward, { size: numel(x.shape) });
}
