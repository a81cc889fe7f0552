import { tunableLoraKernels } from '../../ops/lora/lora_tunable';
import { type SharedEntries, uniloraMatricesBackward } from '../../ops/unilora/unilora_matrices';
import type { AdapterKind } from '../adapter';
import { TRAINED_ALONE } from '../files/adapter_tensors';
import { savedName } from '../pool/pool_layout';
import { trainedTensors } from '../pool/trained_tensors';
import { checkUniloraFile } from './check_unilora_file';
import { UniLoraConfig } from './config/unilora_config';
import { frozenIndices } from './indices/frozen_indices';
import { indexCode } from './indices/late_indices';
import { uniloraLayers } from './layers/unilora_layers';
import { trainingLayers } from './layers/unilora_training_layers';
import { type ResolvedUnilora, UniloraAdapter } from './unilora_adapter';
import { initialVector, layoutMatrices, layoutVector } from './unilora_layout';
import { resolveUniloraTargets } from './unilora_targets';

/** UniLoRA: one trained vector for the whole model. Its values, scaled, are the entries of LoRA's matrices in all modules. */
export const uniloraKind: AdapterKind<UniloraAdapter, ResolvedUnilora, SharedEntries> = {
  Config: UniLoraConfig,
  tuner: 'UniLoraModel',
  resolve(given, model, { warn }) {
    const { config, modules } = resolveUniloraTargets(given, model, warn);
    const trained = trainedTensors(config, modules.keys(), model);
    const matrices = layoutMatrices(modules, config);
    return { config, modules, trained, matrices, layout: layoutVector(config.theta_d_length, trained) };
  },
  initial: ({ layout, config }, seed) => initialVector(layout, config, seed),
  lateCode: [indexCode],
  frozen: frozenIndices,
  create: (parts) => new UniloraAdapter(parts),

  layers: uniloraLayers,
  trainingLayers,
  tunableKernels: () => [...tunableLoraKernels(), uniloraMatricesBackward],

  parameterName: (saved, adapter) => `${saved}.${adapter}`,
  // All modules share the vector. torch lists a shared parameter once, under the name in the first module.
  sharedParameterName: (adapter, modules) => savedName(`${[...modules.keys()][0]}.unilora_theta_d.${adapter}`),
  file: () => TRAINED_ALONE,
  checkFile: checkUniloraFile,
};
