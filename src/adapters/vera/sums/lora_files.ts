import { WebVeraError } from '../../../core/errors/error';
import type { Tensor } from '../../../core/types/tensor';
import { writeTensors } from '../../../formats/tensors/tensors';
import type { SumPart } from '../../adapter';
import { type AdapterBytes, writeAdapterConfig } from '../../files/write_adapter';
import { LoraConfig } from '../../lora/config/lora_config';
import { savedName } from '../../pool/pool_layout';
import type { VeraConfig } from '../config/vera_config';
import { MAGNITUDE } from '../vera_layout';
import { weightedLora } from './lora';
import { valuesOf } from './weighted';

/** The tensors in `adapter_model.safetensors` of a LoRA, except trained biases and modules that train whole. */
interface LoraTensors {
  readonly r: number;
  /** lora_A (r, in), lora_B (out, r) and with DoRA the trained row norms (out), by module name. */
  readonly modules: ReadonlyMap<
    string,
    { readonly A: Tensor; readonly B: Tensor; readonly magnitude?: Tensor | undefined }
  >;
}

/**
 * Returns the two files of the LoRA that equals the weighted sum of the adapters `parts`. For a single adapter of weight 1, they also
 * contain its trained biases, modules that train whole, and row norms. Calls `announce` with the number of values that it is about to
 * compute without a pause.
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

/** Returns Σ (in + out) of the modules: the number of values of their A and B per unit of rank. */
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
 * Serialises `adapter_config.json` for a LoRA of rank `r` and scale 1, from the configuration of a VeRA adapter. It contains only the keys
 * that PEFT has read since 0.11, because PEFT up to 0.13 rejects others. `modules` are full names that replace the configuration's targets,
 * as for a sum of adapters.
 */
export function writeLoraConfig(
  config: VeraConfig,
  { r, modules }: { readonly r: number; readonly modules?: Iterable<string> },
): Uint8Array<ArrayBuffer> {
  const lora = new LoraConfig({
    ...targetsOf(config, modules),
    r,
    lora_alpha: r,
    lora_dropout: config.vera_dropout,
    fan_in_fan_out: config.fan_in_fan_out,
    bias: config.bias === 'none' || config.bias === 'all' ? config.bias : 'lora_only',
    modules_to_save: config.modules_to_save,
    use_dora: config.use_dora,
    task_type: config.task_type,
    base_model_name_or_path: config.base_model_name_or_path,
    revision: config.revision,
    auto_mapping: config.auto_mapping,
  });
  return writeAdapterConfig(lora, LoraConfig.rules);
}

/**
 * Returns the targets for LoRA's configuration. PEFT selects layers only if the targets are a list of names. If they are a regular
 * expression, PEFT ignores `layers_to_transform` for VeRA and rejects it for LoRA.
 */
function targetsOf(
  { target_modules, layers_to_transform, layers_pattern }: VeraConfig,
  modules: Iterable<string> | undefined,
): Pick<VeraConfig, 'target_modules' | 'layers_to_transform' | 'layers_pattern'> {
  const everyLayer = { layers_to_transform: null, layers_pattern: null };
  if (modules !== undefined) return { target_modules: [...modules].sort(), ...everyLayer };
  if (target_modules === null || typeof target_modules === 'string') return { target_modules, ...everyLayer };
  // Written as a list, because PEFT up to 0.20 takes the number 0 for "no layer" if there is a layers_pattern.
  const layers = [layers_to_transform ?? []].flat();
  return {
    target_modules: target_modules.toSorted(),
    ...(layers.length === 0 ? everyLayer : { layers_to_transform: layers, layers_pattern }),
  };
}

/**
 * Serialises `adapter_model.safetensors` for a LoRA: float32, sorted by name. `others` are trained biases and modules that train whole,
 * under their saved names, which are the same for VeRA and LoRA. Throws `numerical_error` for values that aren't finite.
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
