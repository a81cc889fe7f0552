import flatIndex from '../../../shaders/lib/flat_index.wgsl?raw';
import wgsl from '../../../shaders/losses/row_weights.wgsl?raw';
import { defineKernel, flatGrid } from '../../core/kernels/kernel';

/** Scales the losses of a chunk's rows, and the gradients of their logits, by the rows' weights. */
export const rowWeightsKernel = defineKernel({
  name: 'row_weights',
  bindings: { logits: 'update', weights: 'read', losses: 'update' },
  params: { start: 'place', count: 'size', V: 'size', has_gradient: 'u32' },
  variants: [
    {
      wgsl: [wgsl, flatIndex],
      workgroups: ({ count, V, has_gradient }) => flatGrid(has_gradient ? count * V : count),
    },
  ],
  flops: ({ count, V, has_gradient }) => count * ((has_gradient ? V : 0) + 1),
});
