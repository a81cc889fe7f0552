import { tunableDoraKernels } from '../../ops/dora/dora_tunable';
import { tunableLoraKernels } from '../../ops/lora/lora_tunable';
import type { AdapterKind } from '../adapter';
import { TRAINED_ALONE } from '../files/adapter_tensors';
import { beginMagnitudes } from '../layers/magnitudes';
import { trainedTensors } from '../pool/trained_tensors';
import { checkLoraFile } from './check_lora_file';
import { LoraConfig } from './config/lora_config';
import { loraLayers } from './layers/lora_layers';
import { LoraRows } from './layers/lora_mixed';
import { LoraAdapter, type ResolvedLora } from './lora_adapter';
import { initialMatrices } from './lora_init';
import { layoutMatrices } from './lora_layout';
import { resolveLoraTargets } from './lora_targets';
import { sumCode } from './sums/late_sums';

/** LoRA: for each module two matrices A and B, whose product is added to the weight. */
export const loraKind: AdapterKind<LoraAdapter, ResolvedLora, undefined> = {
  Config: LoraConfig,
  lateCode: [sumCode],
  tuner: 'LoraModel',
  resolve(given, model, { warn }) {
    const { config, modules } = resolveLoraTargets(given, model, warn);
    const trained = trainedTensors(config, modules.keys(), model);
    return { config, modules, trained, layout: layoutMatrices(modules, config, trained) };
  },
  initial: ({ layout, config }, seed) => initialMatrices(layout, config, seed),
  begin(g, adapter, weightOf) {
    for (const module of adapter.modules.keys()) {
      const magnitude = adapter.magnitudeOf(module);
      if (magnitude !== undefined) beginMagnitudes(g, magnitude, weightOf(module), adapter.branchOf(module));
    }
  },
  create: (parts) => new LoraAdapter(parts),

  layers: loraLayers,
  rows: (adapters, B) => new LoraRows(adapters, B),
  tunableKernels: () => [...tunableLoraKernels(), ...tunableDoraKernels()],

  parameterName: (saved, adapter) =>
    saved.endsWith('.lora_magnitude_vector')
      ? `${saved}.${adapter}.weight`
      : saved.replace(/\.(?:weight|bias)$/, (end) => `.${adapter}${end}`),
  file: () => TRAINED_ALONE,
  checkFile: checkLoraFile,

  sum: async (...given) => (await sumCode()).sumOfLora(...given),
};
