import { WebVeraError } from '../../../core/errors/error';
import type { Tensor } from '../../../core/types/tensor';
import { pythonJson } from '../../../formats/python_json';
import { writeTensors } from '../../../formats/tensors/tensors';
import type { ModuleSize, SumPart } from '../../adapter';
import type { AdapterBytes } from '../../files/write_adapter';
import type { VeraConfig } from '../config/vera_config';
import { unionOfModules, vectorsOf, type WeightedPart } from './vectors';
import { valuesOf } from './weighted';

/** The two files of the LoRA that equals the weighted sum of the parts. One part of weight 1 keeps all that it trained. */
export function loraFiles(parts: readonly SumPart<VeraConfig>[]): AdapterBytes {
  const lora = weightedLora(parts.map(valuesOf));
  const [{ config, weight, tensors }] = parts as readonly [SumPart<VeraConfig>];
  const isWhole = parts.length === 1 && weight === 1;
  return {
    config: writeLoraConfig(config, { r: lora.r, ...(!isWhole && { modules: lora.modules.keys() }) }),
    model: writeLoraModel(lora, isWhole ? tensors.others : new Map()),
  };
}

/**
 * The bytes of `adapter_config.json` for a LoRA of rank `r` and the scale 1, made of an adapter's configuration: with
 * the keys that PEFT has read since 0.11, and no others, which it refuses up to 0.13. `modules` are whole names to take
 * the place of the configuration's targets, as for a sum of adapters.
 */
export function writeLoraConfig(
  config: VeraConfig,
  { r, modules }: { readonly r: number; readonly modules?: Iterable<string> },
): Uint8Array<ArrayBuffer> {
  const json = {
    ...targetsOf(config, modules),
    alpha_pattern: {},
    auto_mapping: config.auto_mapping,
    base_model_name_or_path: config.base_model_name_or_path,
    bias: config.bias === 'none' || config.bias === 'all' ? config.bias : 'lora_only',
    fan_in_fan_out: config.fan_in_fan_out,
    inference_mode: true,
    init_lora_weights: true,
    layer_replication: null,
    loftq_config: {},
    lora_alpha: r,
    lora_dropout: config.vera_dropout,
    megatron_config: null,
    megatron_core: 'megatron.core',
    modules_to_save: config.modules_to_save,
    peft_type: 'LORA',
    r,
    rank_pattern: {},
    revision: config.revision,
    task_type: config.task_type,
    use_dora: false,
    use_rslora: false,
  };
  return new TextEncoder().encode(pythonJson(json, ['lora_dropout']));
}

/** Layers are chosen by ends of names only: beside an expression PEFT passes over a VeRA's choice, and refuses a LoRA's. */
function targetsOf(
  { target_modules, layers_to_transform, layers_pattern }: VeraConfig,
  modules: Iterable<string> | undefined,
): Pick<VeraConfig, 'target_modules' | 'layers_to_transform' | 'layers_pattern'> {
  const everyLayer = { layers_to_transform: null, layers_pattern: null };
  if (modules !== undefined) return { target_modules: [...modules].sort(), ...everyLayer };
  if (target_modules === null || typeof target_modules === 'string') return { target_modules, ...everyLayer };
  // A list, because PEFT up to 0.20 takes the layer 0 beside a pattern for none.
  const layers = [layers_to_transform ?? []].flat();
  return {
    target_modules: target_modules.toSorted(),
    ...(layers.length === 0 ? everyLayer : { layers_to_transform: layers, layers_pattern }),
  };
}

/**
 * The bytes of `adapter_model.safetensors` for a LoRA: float32, sorted by name. `others` are trained biases and whole
 * modules by the names that PEFT saves them under, which are VeRA's too. Throws `numerical_error` for numbers that aren't finite.
 */
export function writeLoraModel(
  { modules }: Lora,
  others: ReadonlyMap<string, Tensor> = new Map(),
): Uint8Array<ArrayBuffer> {
  const tensors = [...modules].flatMap(([module, { A, B }]): [string, Tensor][] => [
    [`base_model.model.${module}.lora_A.weight`, A],
    [`base_model.model.${module}.lora_B.weight`, B],
  ]);
  return writeTensors([...tensors, ...others]);
}

/** A LoRA with one rank for all modules. ΔW of a module is B·A, so `lora_alpha` equals `r`. */
interface Lora {
  readonly r: number;
  /** By module name. */
  readonly modules: ReadonlyMap<string, LoraModule>;
}

interface LoraModule {
  /** (r, in): PEFT's `lora_A` */
  readonly A: Tensor;
  /** (out, r): PEFT's `lora_B` */
  readonly B: Tensor;
}

/**
 * The LoRA of Σ weight·ΔW. The parts may differ in rank, projections and modules: in each module, their matrices are
 * concatenated along the rank. A module with a smaller rank than others is padded with zeros: every reader of LoRA files
 * knows a single rank for all, while only PEFT knows `alpha_pattern`.
 *
 * Throws `invalid_argument` for no parts, weights that aren't finite, and vectors that are absent or of another length.
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
