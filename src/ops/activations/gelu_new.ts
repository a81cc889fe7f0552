import { numel } from '../../core/numbers/shape';
import type { Graph } from '../../graph/graph';
import type { Value } from '../../graph/value';
import { elementwise, elementwiseBackward, elementwiseForward } from './elementwise';

export const geluNewForward = elementwiseForward({ name: 'gelu_new', with: ['gelu_exponent', 'sigmoid'], flops: 9 });
export const geluNewBackward = elementwiseBackward({
  name: 'gelu_new_backward',
  with: ['gelu_exponent', 'sigmoid'],
  flops: 19,
});

/** GELU's tanh approximation, Hugging Face's `gelu_new`: ½x·(1 + tanh(√(2/π)·(x + 0.044715x³))). */
export function geluNew(g: Graph, x: Value): Value {
  return elementwise(g, x, geluNewForward, geluNewBackward, { size: numel(x.shape) });
}
