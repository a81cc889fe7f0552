import type { ResolvedAdapter } from '../../../src/adapters/adapter';
import type { AdapterTensors } from '../../../src/adapters/files/adapter_tensors';
import type { VeraConfig } from '../../../src/adapters/vera/config/vera_config';
import { veraKind } from '../../../src/adapters/vera/kind';
import { frozenProjections } from '../../../src/adapters/vera/projections/frozen_projections';
import type { ResolvedVera, VeraAdapter } from '../../../src/adapters/vera/vera_adapter';
import { layoutVectors } from '../../../src/adapters/vera/vera_layout';
import type { Runner } from '../../../src/graph/runner';
import { pinned } from '../../../src/graph/value';
import type { Architecture } from '../../../src/models/architecture';
import type { LoadedModel } from '../../../src/models/loaded_model';
import { AdapterPlacer } from '../../../src/worker/adapters/adapter_placer';

export function resolveVera(config: VeraConfig, model: Architecture): ResolvedVera {
  return veraKind.resolve(config, model, { later: false });
}

/** Returns an object that allocates and fills VeRA adapters on a model's device. */
export function veraPlacer(runner: Runner, loaded: LoadedModel): AdapterPlacer {
  const pool = frozenProjections.pool(runner, () => {});
  return new AdapterPlacer({ runner, loaded, frozen: () => pool });
}

/** Puts a trainable adapter on the device, with defaults for all options that tests rarely need. */
export async function placeVera(
  placer: AdapterPlacer,
  resolved: ResolvedAdapter,
  { name = 'default', tensors, others = [] }: PlaceOptions = {},
): Promise<VeraAdapter> {
  const plan = { kind: veraKind, name, key: name, resolved, trainable: true, options: {}, tensors };
  return (await placer.place(plan, others)) as VeraAdapter;
}

interface PlaceOptions {
  readonly name?: string;
  readonly tensors?: AdapterTensors | undefined;
  readonly others?: readonly VeraAdapter[];
}

interface Unplaced {
  readonly config: VeraConfig;
  readonly modules: readonly { readonly name: string; readonly in_features: number; readonly out_features: number }[];
  readonly max_in: number;
  readonly max_out: number;
}

/** Creates an adapter that has no memory on a device. */
export function unplacedVera({ config, modules, max_in, max_out }: Unplaced): VeraAdapter {
  const layout = layoutVectors(modules, config.r, [], config.use_dora);
  const resolved = { config, modules: layout.slots, trained: [], layout, max_in, max_out };
  return veraKind.create({
    kind: veraKind,
    name: 'default',
    key: 'default',
    trainable: true,
    origin: undefined,
    pool: pinned('pool', [layout.length]),
    resolved,
    frozen: frozenProjections.planned(resolved),
  });
}
