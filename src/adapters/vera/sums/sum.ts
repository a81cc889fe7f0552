import { WebVeraError } from '../../../core/errors/error';
import type { SumPart } from '../../adapter';
import type { AdapterTensors } from '../../files/adapter_tensors';
import { VeraConfig } from '../config/vera_config';
import { VERA_A, VERA_B } from '../vera_files';
import type { WeightedPart } from './vectors';
import { combineVectors } from './weighted';

/** The adapter whose ΔW is the weighted sum of the parts' ΔW: its configuration and its tensors. Throws as `combineVectors`. */
export function sumOf(parts: readonly SumPart<VeraConfig>[]): {
  readonly config: VeraConfig;
  readonly tensors: AdapterTensors;
} {
  const { modules, vectors, projections } = combineVectors(parts.map(valuesOf));
  const config = new VeraConfig({
    ...parts[0]?.config,
    // Its parts train nothing but vectors, even if their configurations ask for more than the model has.
    bias: 'none',
    modules_to_save: null,
    inference_mode: false,
    target_modules: [...modules.keys()],
    layers_to_transform: null,
    layers_pattern: null,
  });
  const parameters = new Map([...vectors].map(([name, data]) => [name, { dims: [data.length], data }]));
  const frozen = new Map([
    [VERA_A, projections.A],
    [VERA_B, projections.B],
  ]);
  return { config, tensors: { parameters, frozen, others: new Map() } };
}

/** A part's numbers by VeRA's own names. */
export function valuesOf({
  weight,
  config,
  modules,
  tensors: { parameters, frozen },
}: SumPart<VeraConfig>): WeightedPart {
  const [A, B] = [frozen.get(VERA_A), frozen.get(VERA_B)];
  if (A === undefined || B === undefined) throw new WebVeraError('internal', 'A sum of adapters without A and B');
  const vectors = new Map([...parameters].map(([name, { data }]) => [name, data]));
  return { weight, r: config.r, modules, projections: { A, B }, vectors };
}
