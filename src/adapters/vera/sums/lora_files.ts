import { WebVeraError } from '../../../core/errors/error';
import type { Tensor } from '../../../core/types/tensor';
import { pythonJson } from '../../../formats/python_json';
import { writeTensors } from '../../../formats/tensors/tensors';
import type { SumPart } from '../../adapter';
import type { AdapterBytes } from '../../files/write_adapter';
import { savedName } from '../../pool/pool_layout';
import type { VeraConfig } from '../config/vera_config';
import { MAGNITUDE } from '../vera_layout';
import { weightedLora } from './lora';
import { valuesOf } from './weighted';

/** The tensors in `adapter_model.safetensors` of a LoRA, without trained biases and whole modules. */
interface LoraTensors {
  readonly r: number;
  /** lora_A (r, in), lora_B (out, r) and with DoRA the lengths of rows (out) by module name. */
  readonly modules: ReadonlyMap<
    string,
    { readonly A: Tensor; readonly B: Tensor; readonly magnitude?: Tensor | undefined }
  >;
}

/**
 * The two files of the LoRA that equals the weighted sum of the parts. For a single part of weight 1, they also hold its trained biases,
 * whole modules and lengths of rows. Calls `announce` with the number of values that it computes at once.
 */
export function loraFiles(
  parts: readonly SumPart<VeraConfig>[],
  announce: (numbers: number) => void = () => {},
): AdapterBytes {
  announce(parts.reduce((sum, { config: { r }, modules }) => sum + r * widthsOf(modules), 0));
  const lora = weightedLora(parts.map(valuesOf));
  const [{ config, weight, tensors }] = parts as readonly [SumPart<VeraConfig>];
  const isWhole = parts.length === 1 && weight === 1;
  if (!isWhole) expectNoMagnitudes(parts);
  return {
    config: writeLoraConfig(config, { r: lora.r, ...(!isWhole && { modules: lora.modules.keys() }) }),
    model: writeLoraModel(config.use_dora ? withMagnitudes(lora, tensors) : lora, isWhole ? tensors.others : new Map()),
  };
}

/** Σ (in + out) of modules: the values of their A and B for each rank. */
function widthsOf(modules: SumPart['modules']): number {
  return [...modules.values()].reduce((sum, { in_features, out_features }) => sum + in_features + out_features, 0);
}

function expectNoMagnitudes(parts: readonly SumPart<VeraConfig>[]): void {
  if (parts.every(({ config }) => !config.use_dora)) return;
  const message = 'save_as_lora: expected adapters without use_dora in a weighted sum, got one with it';
  throw new WebVeraError('invalid_argument', message, {
    hint: 'A sum has no place for trained lengths of rows. Save the adapter alone, with the weight 1.',
  });
}

function withMagnitudes({ r, modules }: LoraTensors, { parameters }: SumPart['tensors']): LoraTensors {
  const named = [...modules].map(([name, matrices]) => {
    return [name, { ...matrices, magnitude: parameters.get(savedName(`${name}.${MAGNITUDE}`)) }] as const;
  });
  return { r, modules: new Map(named) };
}

/**
 * The bytes of `adapter_config.json` for a LoRA of rank `r` and the scale 1, made of an adapter's configuration. They hold the keys that
 * PEFT has read since 0.11, and no others: PEFT up to 0.13 refuses other keys. `modules` are whole names that replace the configuration's
 * targets, as for a sum of adapters.
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
    use_dora: config.use_dora,
    use_rslora: false,
  };
  return new TextEncoder().encode(pythonJson(json, { floats: ['lora_dropout'] }));
}

/**
 * The targets for LoRA's configuration. PEFT selects layers only beside a list of names. Beside an expression, it ignores the layers of a
 * VeRA and refuses those of a LoRA.
 */
function targetsOf(
  { target_modules, layers_to_transform, layers_pattern }: VeraConfig,
  modules: Iterable<string> | undefined,
): Pick<VeraConfig, 'target_modules' | 'layers_to_transform' | 'layers_pattern'> {
  const everyLayer = { layers_to_transform: null, layers_pattern: null };
  if (modules !== undefined) return { target_modules: [...modules].sort(), ...everyLayer };
  if (target_modules === null || typeof target_modules === 'string') return { target_modules, ...everyLayer };
  // A list, because PEFT up to 0.20 treats the number 0 beside a pattern as no layer.
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
  { modules }: LoraTensors,
  others: ReadonlyMap<string, Tensor> = new Map(),
): Uint8Array<ArrayBuffer> {
  const tensors = [...modules].flatMap(([module, { A, B, magnitude }]): [string, Tensor][] => [
    [`base_model.model.${module}.lora_A.weight`, A],
    [`base_model.model.${module}.lora_B.weight`, B],
    ...(magnitude === undefined
      ? []
      : [[`base_model.model.${module}.lora_magnitude_vector`, magnitude] as [string, Tensor]]),
  ]);
  return writeTensors([...tensors, ...others]);
}
