import { WebVeraError } from '../../core/errors/error';
import { Mt19937 } from '../../core/numbers/mt19937';
import { numel } from '../../core/numbers/shape';
import { TorchNormals } from '../../core/numbers/torch_normal';
import { fillUniform, skip } from '../../core/numbers/torch_uniform';
import type { LoraConfig } from './config/lora_config';
import { type LoraLayout, matrixName } from './lora_layout';

/**
 * Returns the pool's initial values, equal to PEFT's on a CPU after `torch.manual_seed(seed)`. First, the `nn.Linear`s of each module draw
 * A, B and the bias. Unless `init_lora_weights` is false, A is then drawn again, and B and the bias are set to 0. The base model's tensors
 * and padding are 0.
 */
export function initialMatrices(
  layout: LoraLayout,
  { init_lora_weights }: Pick<LoraConfig, 'init_lora_weights'>,
  seed: number,
): Float32Array<ArrayBuffer> {
  const pool = new Float32Array(layout.length);
  const generator = new Mt19937(seed);
  const normals = new TorchNormals(generator);
  const placeOf = (name: string): Float32Array => {
    const slot = layout.parameters.get(name);
    if (slot === undefined) throw new WebVeraError('internal', `The pool has no place for ${name}`);
    return pool.subarray(slot.offset, slot.offset + numel(slot.shape));
  };
  for (const [module, { in_features, r }] of layout.modules) {
    const A = placeOf(matrixName(module, 'A.weight'));
    const B = placeOf(matrixName(module, 'B.weight'));
    const bias = layout.lora_bias ? placeOf(matrixName(module, 'B.bias')) : new Float32Array(0);
    if (init_lora_weights === false) {
      fillUniform(A, generator, kaimingBound(in_features));
      fillUniform(B, generator, kaimingBound(r));
      fillUniform(bias, generator, 1 / Math.sqrt(r));
      continue;
    }
    skip(generator, A.length + B.length + bias.length);
    if (init_lora_weights === true) fillUniform(A, generator, kaimingBound(in_features));
    else normals.fill(A, 1 / r);
  }
  return pool;
}

/** Returns the bound of torch's `kaiming_uniform_` with a = √5, computed with the same sequence of operations. */
function kaimingBound(fan_in: number): number {
  const gain = Math.sqrt(2 / (1 + Math.sqrt(5) ** 2));
  return Math.sqrt(3) * (gain / Math.sqrt(fan_in));
}
