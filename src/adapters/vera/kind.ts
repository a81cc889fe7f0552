import type { Warning } from '../../core/errors/warning';
import { tunableDoraKernels } from '../../ops/dora/dora_tunable';
import { tunableMixedKernels } from '../../ops/mixed/mixed_tunable';
import { tunableVeraKernels } from '../../ops/vera/vera_tunable';
import type { AdapterKind } from '../adapter';
import { beginMagnitudes } from '../layers/magnitudes';
import { trainedTensors } from '../pool/trained_tensors';
import { factsOf } from '../targets/targets';
import { VeraConfig } from './config/vera_config';
import { veraLayers } from './layers/vera_layers';
import { veraRowLayers } from './layers/vera_row_layers';
import { VeraRows } from './layers/vera_rows';
import { trainingLayers } from './layers/vera_training_layers';
import { frozenProjections } from './projections/frozen_projections';
import { loraCode, sumCode } from './sums/late_vera';
import { type ProjectionValues, type ResolvedVera, VeraAdapter } from './vera_adapter';
import { checkVeraFile, veraFile } from './vera_files';
import { initialVectors, layoutVectors } from './vera_layout';
import { resolveVeraTargets } from './vera_targets';

/** The largest ratio of r to the largest dimension of the layers that causes no warning. The paper trains r = 1024 with layers of 768. */
const WIDE = 4;

function wideRank(r: number, dimension: number): Warning {
  const message = `r: ${r} is far above the dimensions of the layers, at most ${dimension}: it takes time and memory, and learns little more than r: ${dimension}`;
  return { code: 'wide_rank', message };
}

/**
 * VeRA: vectors λ_b and λ_d for each module, and random matrices A and B that all modules share; with `use_dora` also trained norms of
 * rows.
 */
export const veraKind: AdapterKind<VeraAdapter, ResolvedVera, ProjectionValues> = {
  Config: VeraConfig,
  tuner: 'VeraModel',
  resolve(given, model, { later, warn }) {
    const targets = resolveVeraTargets(given, model.modules, { ...factsOf(model, warn), later });
    const { config, modules, max_in, max_out } = targets;
    if (config.r > WIDE * Math.max(max_in, max_out)) warn?.(wideRank(config.r, Math.max(max_in, max_out)));
    const trained = trainedTensors(
      config,
      modules.map(({ name }) => name),
      model,
    );
    const layout = layoutVectors(modules, config.r, trained, config.use_dora);
    return { config, modules: layout.slots, trained, layout, max_in, max_out };
  },
  // The seed comes from the adapter's name. Without init_weights, adapters of the same name get the same random vectors.
  initial: ({ layout, config }, seed) => initialVectors(layout, config, seed),
  begin(g, adapter, weightOf) {
    for (const module of adapter.modules.keys()) {
      const magnitude = adapter.magnitudeOf(module);
      if (magnitude !== undefined) beginMagnitudes(g, magnitude, weightOf(module), adapter.changeOf(g, module));
    }
  },
  lateCode: [sumCode, loraCode],
  frozen: frozenProjections,
  create: (parts) => new VeraAdapter(parts),

  layers: veraLayers,
  rows: (adapters, B) => new VeraRows(adapters, B),
  rowLayers: veraRowLayers,
  trainingLayers,
  tunableKernels: () => [...tunableVeraKernels(), ...tunableDoraKernels(), ...tunableMixedKernels()],

  parameterName: (saved, adapter) => `${saved}.${adapter}`,
  file: ({ config: { r, save_projection }, max_in, max_out }) => veraFile({ r, save_projection, max_in, max_out }),
  checkFile: checkVeraFile,

  sum: async (parts) => (await sumCode()).sumOf(parts),
  convert: async (peft_type, parts, announce) =>
    peft_type === 'LORA' ? (await loraCode()).loraFiles(parts, announce) : undefined,
};
