import { WebVeraError } from '../../core/errors/error';
import { storages } from '../../core/numbers/storage';
import type { HeadPooling } from '../../core/pooling/pooling';
import type { SentenceSettings } from '../../core/pooling/sentences';
import type { PretrainedConfig, TaskFacts } from '../../core/types/model';
import type { TensorHeader } from '../../formats/tensors/stored_tensor';
import { pinned, type Value } from '../../graph/value';
import { type Architecture, tokenMatrices } from '../../models/architecture';
import { withLabels } from '../../models/labels';
import type { LoadedModel } from '../../models/loaded_model';
import { createArchitecture, likelyTask, type TaskName } from '../../tasks/task_registry';
import { chosenPooling } from '../models/loading/chosen_pooling';
import { isModest } from '../models/loading/model_loader';
import { chooseStorage, weightValue } from '../models/loading/weight_storage';
import { denseHeaders, expectWeight, WeightTensors } from '../models/loading/weight_tensors';
import type { LoadOptions } from '../protocol';

interface PlannedModel extends Pick<LoadedModel, 'joinsSteps'> {
  readonly config: PretrainedConfig;
  readonly tensors: readonly TensorHeader[];
  /** The folder's settings for text embeddings, if it has any. */
  readonly sentences: SentenceSettings | undefined;
  /** The edge in pixels of the images that the folder's image processor makes, if it has one. */
  readonly imageSize: number | undefined;
  readonly load: LoadOptions;
  /** The adapter's task type. */
  readonly task_type: string | null;
  readonly maxBindingBytes: number;
}

/** Plans a model as the device would hold it, from the headers of its files alone. Throws the errors that loading would throw. */
export function planModel(planned: PlannedModel): LoadedModel {
  const { config, tensors, sentences, imageSize, load, maxBindingBytes, joinsSteps } = planned;
  const { name: task } = taskOf(planned);
  const pooling = plannedPooling(planned);
  const options = { moduleNames: load.module_names, pooling, imageSize };
  const model = createArchitecture(withLabels(config, load.labels), task, options);
  if (!isModest(model)) {
    const message = `estimate: expected a smaller model, got one of ${model.weights.length} tensors`;
    throw new WebVeraError('limit_exceeded', message, { hint: 'It is far larger than what trains in a browser.' });
  }
  const headers = headersOf(model, [...tensors, ...denseHeaders(sentences && pooling?.dense)], load);
  const storageFor = chooseStorage(load.dtype, tokenMatrices(model));
  const weights = new Map<string, Value>();
  for (const spec of model.weights) {
    const header = headers.get(spec.name);
    const storage = header === undefined ? storages.f32.name : storageFor(spec, header);
    weights.set(spec.name, weightValue(spec, storage, maxBindingBytes));
  }
  const constants = new Map(model.constants.map(({ name, shape }) => [name, pinned(name, shape)]));
  return { model, weights, constants, joinsSteps };
}

type AskedModel = Pick<PlannedModel, 'config' | 'load' | 'task_type'>;

function taskOf({ config, load, task_type }: AskedModel): TaskFacts<TaskName> {
  return likelyTask(config, { task_type, hasLabels: (load.labels ?? load.pooling) !== undefined });
}

/** Whether the model's head may read pooled vectors, so that the folder's pooling settings matter. */
export function mayPool(asked: AskedModel): boolean {
  const { hasNamedLabels, labels, inputs } = taskOf(asked);
  return hasNamedLabels && labels === 'of rows' && inputs === 'texts';
}

/** Returns the pooling under the head of a classifier of texts, as loading would choose it. */
export function plannedPooling(planned: AskedModel & Pick<PlannedModel, 'sentences'>): HeadPooling | undefined {
  const { config, load, sentences } = planned;
  return mayPool(planned) ? chosenPooling(load.pooling ?? 'auto', config, sentences) : undefined;
}

/** Returns the header of each weight's tensor. New weights have no header. Throws the errors that loading would throw. */
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
    const { embedding } = resolved.tiedWeight(tensor.name) ?? {};
    if (embedding === undefined || headers.has(embedding.name)) continue;
    expectWeight(embedding, tensor);
    headers.set(embedding.name, tensor);
  }
  resolved.newWeights(headers);
  return headers;
}
