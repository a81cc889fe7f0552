import type { Overlay } from '../../../adapters/layers/overlay';
import type { Warn } from '../../../core/errors/warning';
import { type ModelTensor, type ModelTensorSpec, writeModelFolder } from '../../../formats/models/model_folder';
import pooledPy from '../../../formats/run_folder/pooled_classifier.py?raw';
import { expectFinite } from '../../../formats/tensors/finite';
import { transpose } from '../../../formats/tensors/transpose';
import type { Runner } from '../../../graph/runner';
import { storageOf, type Value } from '../../../graph/value';
import { type Architecture, fileShape } from '../../../models/architecture';
import { addedPooling, POOLED_MODULE } from '../../../models/pooled_head';
import { tensorsUnder, untied } from '../../../models/untied';
import type { BaseModel } from '../base_model';
import { copiedFiles } from './copied_files';
import { fileName, specOf } from './file_order';

interface ExportOptions {
  readonly signal: AbortSignal;
  readonly warn: Warn;
}

/**
 * Writes a model's folder, with the files of the original folder that `copiedFiles` reads. The tensors contain merged weights, trained
 * biases and whole modules, but not the deltas of adapters that aren't merged. If transformers has no class for the model's head, the
 * folder gets a Python file with that class.
 *
 * Tensors have the dtype that they have on the device. So even in half-precision models, vectors are float32, and so are matrices whose row
 * length isn't a multiple of four. Packed tensors (q8, q4) are written as float16. Rejects with `numerical_error` if a number isn't finite,
 * as after a merge that overflowed.
 */
export async function exportModel(
  base: BaseModel,
  { tensors: over }: Overlay,
  { signal, warn }: ExportOptions,
): Promise<Map<string, Blob>> {
  const { runner, loaded } = base;
  const values = tensorsUnder(loaded, over);
  const model = untied(loaded.model, values);
  const specs = [...values].map(([name, value]) => describe(model, name, value));
  const folder = await writeModelFolder(model.config, { specs, tensors: read(runner, model, values, signal) });
  if (addedPooling(model.head) !== undefined)
    folder.set(`${POOLED_MODULE}.py`, new Blob([pooledPy], { type: 'text/x-python' }));
  return new Map([...folder, ...(await copiedFiles(base, { signal, warn }))]);
}

function describe(model: Architecture, name: string, { shape, dtype }: Value): ModelTensorSpec {
  const spec = specOf(model, name);
  const dims = spec === undefined ? shape : fileShape(spec);
  return { name: fileName(model, name), dims, dtype: storageOf({ name, dtype }).written };
}

async function* read(
  runner: Runner,
  model: Architecture,
  values: ReadonlyMap<string, Value>,
  signal: AbortSignal,
): AsyncGenerator<ModelTensor> {
  for (const [name, value] of values) {
    signal.throwIfAborted();
    const buffer = await runner.read(value);
    const elements = storageOf(value).elements(buffer, value.shape);
    expectFinite(name, elements, storageOf(value).written);
    const [rows = 0, columns = 0] = value.shape;
    const isTransposed = specOf(model, name)?.transposed === true;
    const data = isTransposed ? transpose(elements, rows, columns) : elements;
    yield {
      ...describe(model, name, value),
      bytes: new Uint8Array(data.buffer as ArrayBuffer, data.byteOffset, data.byteLength),
    };
  }
}
