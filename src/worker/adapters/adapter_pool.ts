import type { Adapter } from '../../adapters/adapter';
import type { TrainedNumbers } from '../../adapters/files/adapter_tensors';
import { mergedWeight } from '../../adapters/layers/merge';
import { type PoolLayout, unpackParameters } from '../../adapters/pool/pool_layout';
import type { TrainedTensor } from '../../adapters/pool/trained_tensors';
import { WebVeraError } from '../../core/errors/error';
import { numel } from '../../core/numbers/shape';
import type { Tensor } from '../../core/types/tensor';
import type { Runner } from '../../graph/runner';
import type { Architecture } from '../../models/architecture';
import { baseTensor, type LoadedModel } from '../../models/loaded_model';
import { readFloats, specOf, toDeviceOrder, toFileOrder } from '../models/loading/file_order';

/**
 * Writes the biases and whole modules that the adapter trains to the pool: from `stored` (the file's tensors by saved name), or else from
 * the base model.
 */
export async function fillTensors(
  pool: Float32Array,
  runner: Runner,
  loaded: LoadedModel,
  {
    layout,
    trained,
    stored,
  }: {
    readonly layout: PoolLayout;
    readonly trained: readonly TrainedTensor[];
    readonly stored: ReadonlyMap<string, Tensor> | undefined;
  },
): Promise<void> {
  for (const { name, savedKey } of trained) {
    const slot = layout.tensors.get(name);
    if (slot === undefined) continue;
    const given = stored?.get(savedKey);
    const data =
      given === undefined
        ? await readFloats(runner, baseTensor(loaded, name))
        : toDeviceOrder(specOf(loaded.model, name), given).data;
    pool.set(data, slot.offset);
  }
}

/** Splits the contents of a buffer into tensors. The buffer is the adapter's pool, or a moment of the optimizer with the same layout. */
export function poolTensors(model: Architecture, adapter: Adapter, pool: Float32Array): TrainedNumbers {
  const others = new Map<string, Tensor>();
  for (const [name, { savedKey }] of adapter.tensors) {
    const { shape = [], offset = 0 } = adapter.layout.tensors.get(name) ?? {};
    const data = pool.slice(offset, offset + numel(shape));
    others.set(savedKey, toFileOrder(specOf(model, name), { dims: shape, data }));
  }
  return { parameters: unpackParameters(adapter.layout, pool), others };
}

/** Computes ΔW of a module, in the layout of the module's weight. Throws `invalid_argument` for a module that isn't wrapped. */
export async function deltaWeight(
  runner: Runner,
  { model }: LoadedModel,
  adapter: Adapter,
  module: string,
): Promise<Tensor> {
  if (!adapter.modules.has(module)) {
    const message = `get_delta_weight: expected a module that ${adapter.name} wraps, got ${module}`;
    throw new WebVeraError('invalid_argument', message, {
      hint: `It wraps ${[...adapter.modules.keys()].slice(0, 4).join(', ')}, …`,
    });
  }
  const delta = await mergedWeight(runner, adapter, module, undefined);
  try {
    const spec = specOf(model, `${module}.weight`);
    return toFileOrder(spec, { dims: delta.shape, data: await readFloats(runner, delta) });
  } finally {
    runner.free([delta]);
  }
}
