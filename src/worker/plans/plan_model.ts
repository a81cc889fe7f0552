import { WebVeraError } from '../../core/errors/error';
import { storages } from '../../core/numbers/storage';
import type { PretrainedConfig } from '../../core/types/model';
import type { TensorHeader } from '../../formats/tensors/stored_tensor';
import { pinned, type Value } from '../../graph/value';
import { type Architecture, tokenMatrices } from '../../models/architecture';
import { withLabels } from '../../models/labels';
import type { LoadedModel } from '../../models/loaded_model';
import { createArchitecture, likelyTask } from '../../tasks/task_registry';
import { isModest } from '../models/loading/model_loader';
import { chooseStorage, weightValue } from '../models/loading/weight_storage';
import { expectWeight, WeightTensors } from '../models/loading/weight_tensors';
import type { LoadOptions } from '../protocol';

interface PlannedModel {
  readonly config: PretrainedConfig;
  readonly tensors: readonly TensorHeader[];
  readonly load: LoadOptions;
  /** The adapter's. */
  readonly task_type: string | null;
  readonly maxBindingBytes: number;
}

/** A model as the device would hold it, planned from the headers of its files alone. Throws the errors of loading it. */
export function planModel({ config, tensors, load, task_type, maxBindingBytes }: PlannedModel): LoadedModel {
  const { name: task } = likelyTask(config, { task_type, hasLabels: load.labels !== undefined });
  const model = createArchitecture(withLabels(config, load.labels), task, { moduleNames: load.module_names });
  if (!isModest(model)) {
    const message = `estimate: expected a smaller model, got one of ${model.weights.length} tensors`;
    throw new WebVeraError('limit_exceeded', message, { hint: 'It is far larger than what trains in a browser.' });
  }
  const headers = headersOf(model, tensors, load);
  const storageFor = chooseStorage(load.dtype, tokenMatrices(model));
  const weights = new Map<string, Value>();
  for (const spec of model.weights) {
    const header = headers.get(spec.name);
    const storage = header === undefined ? storages.f32.name : storageFor(spec, header);
    weights.set(spec.name, weightValue(spec, storage, maxBindingBytes));
  }
  return { model, weights, constants: new Map(model.constants.map(({ name, shape }) => [name, pinned(name, shape)])) };
}

/** The header of each weight's tensor. Weights that are made new have none. Throws as loading does. */
function headersOf(
  model: Architecture,
  tensors: readonly TensorHeader[],
  load: LoadOptions,
): ReadonlyMap<string, TensorHeader> {
  const resolved = new WeightTensors(model, load);
  const headers = new Map<string, TensorHeader>();
  for (const tensor of tensors) {
    const spec = resolved.weightOf(tensor);
    if (spec !== undefined) headers.set(spec.name, tensor);
  }
  for (const tensor of tensors) {
    const spec = resolved.sharedBy(tensor.name);
    if (spec === undefined || headers.has(spec.name)) continue;
    expectWeight(spec, tensor);
    headers.set(spec.name, tensor);
  }
  resolved.newWeights(headers);
  return headers;
}
