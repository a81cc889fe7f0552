import { flatKernel } from '../shader_kernel';

/** Scales the losses of a chunk's rows, and the gradients of their logits, by the rows' weights. */
export const rowWeightsKernel = flatKernel({
  name: 'row_weights',
  bindings: { logits: 'update', weights: 'read', losses: 'update' },
  params: { start: 'place', count: 'size', V: 'size', has_gradient: 'u32' },
  threads: ({ count, V, has_gradient }) => (has_gradient ? count * V : count),
  flops: ({ count, V, has_gradient }) => count * ((has_gradient ? V : 0) + 1),
});
