import type { AdamWOptions } from '../../../src/ops/optimizer/adamw';
import { blockWords } from '../gpu/step_block';
import { randomArray } from './random';

export const ADAMW_OPTIONS: AdamWOptions = {
  beta1: 0.9,
  beta2: 0.999,
  epsilon: 1e-8,
  weight_decay: 0.1,
  max_grad_norm: 1,
};

/** torch.optim.AdamW and clip_grad_norm_ in plain float64 code. Kernels and references are compared with it. */
export class HandAdamW {
  readonly m: Float64Array;
  readonly v: Float64Array;

  constructor(
    readonly parameters: Float64Array,
    readonly options: AdamWOptions,
  ) {
    this.m = new Float64Array(parameters.length);
    this.v = new Float64Array(parameters.length);
  }

  /** Does one step. Returns the norm of the gradients before clipping. */
  step(t: number, gradients: Float64Array, rate: number): number {
    const { beta1, beta2, epsilon, weight_decay, max_grad_norm, parts } = this.options;
    const norm = Math.sqrt(gradients.reduce((sum, gradient) => sum + gradient * gradient, 0));
    const scale = max_grad_norm > 0 && norm + 1e-6 > max_grad_norm ? max_grad_norm / (norm + 1e-6) : 1;
    this.parameters.forEach((p, i) => {
      const part = parts?.find(({ first, end }) => i >= first && i < end);
      if (parts !== undefined && part === undefined) return;
      const lr = rate * (part?.rate ?? 1);
      const gradient = gradients[i]! * scale;
      this.m[i] = beta1 * this.m[i]! + (1 - beta1) * gradient;
      this.v[i] = beta2 * this.v[i]! + (1 - beta2) * gradient * gradient;
      const mHat = this.m[i]! / (1 - beta1 ** t);
      const vHat = this.v[i]! / (1 - beta2 ** t);
      this.parameters[i] = p - lr * weight_decay * p - (lr * mHat) / (Math.sqrt(vHat) + epsilon);
    });
    return norm;
  }
}

/** Returns the step block of optimiser step `step`: the learning rate and the other values that its kernels read. */
export function adamwBlock(step: number, { beta1, beta2 }: AdamWOptions, learning_rate: number): Float64Array {
  return blockWords({ step, learning_rate, bias_correction1: 1 - beta1 ** step, bias_correction2: 1 - beta2 ** step });
}

/** Returns random gradients for a step. Those of even steps are so small that they aren't clipped. */
export function gradientsOf(P: number, step: number): Float64Array {
  return randomArray(P, 100 + step, step % 2 === 0 ? 1 / (2 * P) : 1);
}
