import type { Overlay } from '../../adapters/overlay';
import { numel } from '../../core/shape';
import { expectFinite } from '../../formats/finite';
import { type ModelTensor, type ModelTensorSpec, writeModelFolder } from '../../formats/model_folder';
import { transpose } from '../../formats/transpose';
import type { Runner } from '../../graph/runner';
import { storageOf, type Value } from '../../graph/value';
import { type Architecture, fileShape } from '../../models/architecture';
import { tensorsUnder, untied } from '../../models/untied';
import type { BaseModel } from './base_model';
import { specOf } from './tensors';

/**
 * The folder of a model as it stands: with merged weights, trained biases and whole modules, without the deltas of
 * adapters that aren't merged. Packed halves are written as float16, all else as float32. Rejects
 * with `numerical_error` where a number isn't finite, as after a merge that overflowed.
 */
export async function exportModel(
  { runner, loaded }: BaseModel,
  { tensors: over }: Overlay,
  signal: AbortSignal,
): Promise<Map<string, Blob>> {
  const values = tensorsUnder(loaded, over);
  const model = untied(loaded.model, values);
  const specs = [...values].map(([name, value]) => describe(model, name, value));
  return writeModelFolder(model.config, { specs, tensors: read(runner, model, values, specs, signal) });
}

function describe(model: Architecture, name: string, { shape, dtype }: Value): ModelTensorSpec {
  const spec = specOf(model, name);
  return { name, dims: spec === undefined ? shape : fileShape(spec), dtype: storageOf({ name, dtype }).file };
}

async function* read(
  runner: Runner,
  model: Architecture,
  values: ReadonlyMap<string, Value>,
  specs: readonly ModelTensorSpec[],
  signal: AbortSignal,
): AsyncGenerator<ModelTensor> {
  for (const spec of specs) {
    signal.throwIfAborted();
    const value = values.get(spec.name);
    if (value === undefined) continue;
    const buffer = await runner.read(value);
    const elements = storageOf(value).elements(buffer, 0, numel(value.shape));
    expectFinite(spec.name, elements);
    const [rows = 0, columns = 0] = value.shape;
    const isTransposed = specOf(model, spec.name)?.transposed === true;
    const data = isTransposed ? transpose(elements, rows, columns) : elements;
    yield { ...spec, bytes: new Uint8Array(data.buffer as ArrayBuffer, data.byteOffset, data.byteLength) };
  }
}
