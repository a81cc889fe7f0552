import { WebVeraError } from '../../core/errors/error';
import { sameShape } from '../../core/numbers/shape';
import type { StorageName } from '../../core/numbers/storage';
import type { PretrainedConfig } from '../../core/types/model';
import type { TensorHeader } from '../../formats/tensors/tensor_header';
import { pinned, type Value } from '../../graph/value';
import { type Architecture, fileNames, fileShape, tokenMatrices, type WeightSpec } from '../../models/architecture';
import { withLabels } from '../../models/labels';
import type { LoadedModel } from '../../models/loaded_model';
import { createArchitecture, likelyTask } from '../../tasks/registry';
import { deviceDtype, expectWeight, isModest, weightValue } from '../models/loading/model_loader';
import type { LoadOptions } from '../protocol';

interface PlannedModel {
  readonly config: PretrainedConfig;
  readonly tensors: readonly TensorHeader[];
  readonly load: LoadOptions;
  /** The adapter config's task_type. */
  readonly task_type: string | null;
  readonly maxBindingBytes: number;
}

/**
 * A model as it would be loaded, from its configuration and the headers of its weights. Throws the errors of loading
 * it.
 */
export function planModel({ config, tensors, load, task_type, maxBindingBytes }: PlannedModel): LoadedModel {
  const { name: task } = likelyTask(config, { task_type, hasLabels: load.labels !== undefined });
  const model = createArchitecture(withLabels(config, load.labels), task, { moduleNames: load.module_names });
  if (!isModest(model)) {
    throw new WebVeraError(
      'limit_exceeded',
      `estimate: expected a smaller model, got one of ${model.weights.length} tensors`,
      {
        hint: 'The model is far too large to train in a browser.',
      },
    );
  }
  const byName = new Map(tensors.map((header) => [header.name, header]));
  const stored = (name: string): TensorHeader | undefined =>
    byName.get(name) ??
    (name.startsWith(`${model.prefix}.`) ? byName.get(name.slice(model.prefix.length + 1)) : undefined);
  const ofTokens = tokenMatrices(model);
  const weights = new Map<string, Value>();
  for (const spec of model.weights) {
    const header = [...fileNames(spec), ...tiedNames(model, spec)].map(stored).find((found) => found !== undefined);
    weights.set(spec.name, weightValue(spec, storageOf(spec, header, load, ofTokens), maxBindingBytes));
  }
  return { model, weights, constants: new Map(model.constants.map(({ name, shape }) => [name, pinned(name, shape)])) };
}

function storageOf(
  spec: WeightSpec,
  header: TensorHeader | undefined,
  load: LoadOptions,
  ofTokens: ReadonlySet<string>,
): StorageName {
  const isNew = spec.initialStd !== undefined;
  if (
    header === undefined ||
    (isNew && load.ignore_mismatched_sizes === true && !sameShape(fileShape(spec), header.shape))
  ) {
    if (isNew) return 'f32';
    throw new WebVeraError(
      'invalid_format',
      `Expected tensor ${fileNames(spec)[0]} in the weights, but it isn't there`,
      {
        hint: 'Do config.json and the weights belong together, and are all weight files included?',
      },
    );
  }
  expectWeight(spec, header);
  return deviceDtype(spec, header, load.dtype ?? 'auto', ofTokens);
}

/** The file's name of a head that shares this tensor: some files only hold the head's. */
function tiedNames({ tied }: Architecture, { name }: WeightSpec): string[] {
  return [...tied].flatMap(([head, source]) => (name === `${source}.weight` ? [`${head}.weight`] : []));
}
