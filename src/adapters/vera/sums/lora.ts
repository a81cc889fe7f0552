import { WebVeraError } from '../../../core/errors/error';
import type { Tensor } from '../../../core/types/tensor';
import type { ModuleSize } from '../../adapter';
import { unionOfModules, vectorsOf, type WeightedPart } from './vectors';

/** A LoRA with the same rank in all modules. ΔW of a module is B·A, unscaled, so `lora_alpha` equals `r`. */
interface Lora {
  readonly r: number;
  /** The matrices, by module name. */
  readonly modules: ReadonlyMap<string, LoraModule>;
}

interface LoraModule {
  /** (r, in): PEFT's `lora_A` */
  readonly A: Tensor;
  /** (out, r): PEFT's `lora_B` */
  readonly B: Tensor;
}

/**
 * Returns a LoRA whose ΔW is Σ weight·ΔW over the adapters `parts`, which may differ in rank, projections and modules: in each module,
 * their matrices are concatenated along the rank. If a module has a smaller rank than others, its matrices are padded with zeros, because
 * all programs that read LoRA files support one rank for all modules, while only PEFT supports `alpha_pattern`.
 *
 * Throws `invalid_argument` if there are no parts, for weights that aren't finite, and for vectors that are missing or of another length.
 */
export function weightedLora(parts: readonly WeightedPart[]): Lora {
  const modules = unionOfModules(parts);
  const partsOf = (module: string): readonly WeightedPart[] => parts.filter((part) => part.modules.has(module));
  const ranks = [...modules.keys()].map((module) => partsOf(module).reduce((sum, { r }) => sum + r, 0));
  const r = Math.max(...ranks);
  return { r, modules: new Map([...modules].map(([name, size]) => [name, stack(partsOf(name), name, size, r)])) };
}

function stack(parts: readonly WeightedPart[], module: string, size: ModuleSize, r: number): LoraModule {
  const { in_features, out_features } = size;
  const A = new Float32Array(r * in_features);
  const B = new Float32Array(out_features * r);
  let first = 0;
  for (const part of parts) {
    const { b, d } = vectorsOf(part, module, size);
    const source = part.projections;
    const columns = source.A.dims[1] ?? 0;
    for (let k = 0; k < part.r; k++) {
      const scale = d[k] as number;
      for (let i = 0; i < in_features; i++) {
        A[(first + k) * in_features + i] = scale * (source.A.data[k * columns + i] as number);
      }
    }
    const ranks = source.B.dims[1] ?? 0;
    for (let o = 0; o < out_features; o++) {
      const scale = part.weight * (b[o] as number);
      for (let k = 0; k < part.r; k++) {
        B[o * r + first + k] = scale * (source.B.data[o * ranks + k] as number);
      }
    }
    first += part.r;
  }
  if (!(A.every(Number.isFinite) && B.every(Number.isFinite))) {
    throw new WebVeraError('invalid_argument', `weights: expected a sum of finite numbers, got others in ${module}`, {
      hint: 'Its file could not be used. Use smaller weights.',
    });
  }
  return { A: { dims: [r, in_features], data: A }, B: { dims: [out_features, r], data: B } };
}
