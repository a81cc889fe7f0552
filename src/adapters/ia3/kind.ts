import { ia3MixedKernel } from '../../ops/ia3/ia3_mixed';
import type { AdapterKind } from '../adapter';
import { TRAINED_ALONE } from '../files/adapter_tensors';
import { trainedTensors } from '../pool/trained_tensors';
import { factsOf } from '../targets/targets';
import { checkIa3File } from './check_ia3_file';
import { IA3Config } from './config/ia3_config';
import { Ia3Adapter, type ResolvedIa3 } from './ia3_adapter';
import { initialVectors, layoutIa3 } from './ia3_layout';
import { resolveIa3Targets } from './ia3_targets';
import { sumCode } from './late_ia3';
import { ia3Layers } from './layers/ia3_layers';
import { Ia3Rows } from './layers/ia3_rows';

/** (IA)³: one vector for each module. It scales the module's output, or the input of a feed-forward module. */
export const ia3Kind: AdapterKind<Ia3Adapter, ResolvedIa3, undefined> = {
  Config: IA3Config,
  tuner: 'IA3Model',
  resolve(given, model, { warn }) {
    const { config, modules } = resolveIa3Targets(given, model.modules, factsOf(model, warn));
    const trained = trainedTensors(
      config,
      modules.map(({ name }) => name),
      model,
    );
    const layout = layoutIa3(modules, trained);
    return { config, modules: layout.slots, trained, layout };
  },
  // The seed comes from the adapter's name. Without init_ia3_weights, adapters of the same name get the same random vectors.
  initial: ({ layout, config }, seed) => initialVectors(layout, config, seed),
  lateCode: [sumCode],
  create: (parts) => new Ia3Adapter(parts),

  layers: ia3Layers,
  rows: (adapters, B) => new Ia3Rows(adapters, B),
  tunableKernels: () => [ia3MixedKernel],

  parameterName: (saved, adapter) => `${saved}.${adapter}`,
  file: () => TRAINED_ALONE,
  checkFile: (_, stored) => checkIa3File(stored),

  sum: async (parts) => (await sumCode()).sumOfIa3(parts),
};
