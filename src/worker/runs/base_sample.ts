import type { Tensor } from '../../core/types/tensor';
import type { TensorSample } from '../../formats/run_folder';
import { byteLength, storageOf } from '../../graph/value';
import { fileShape } from '../../models/architecture';
import { samplesOf } from '../models/base_identity';
import type { BaseModel } from '../models/base_model';
import { readFloats, specOf, toFileOrder } from '../models/loading/file_order';

/** The number of values that are sampled from each tensor. */
const COUNT = 4;

/** Samples the first values of each of a model's tensors, with their indices in the tensor as the model's file stores it. */
export async function sampleBase({ loaded, runner }: BaseModel): Promise<ReadonlyMap<string, TensorSample>> {
  const { model, weights } = loaded;
  const firsts = [...weights].flatMap(([name, value]) =>
    samplesOf(value)
      .slice(0, 1)
      .map((sample) => ({ name, value, sample })),
  );
  const bytes = await runner.readAll(firsts.map(({ sample }) => sample));
  const samples = new Map<string, TensorSample>();
  let offset = 0;
  for (const { name, value, sample } of firsts) {
    const { shape } = value;
    const storage = storageOf(value);
    // Packed values (q8, q4) differ from the values in the files, so none are sampled.
    const count = storage.file === undefined ? 0 : Math.min(COUNT, shape.at(-1) ?? 1);
    const floats = storage.decode(bytes.slice(offset, offset + byteLength(sample)), [count]);
    const spec = specOf(model, name);
    // The first row of a transposed tensor is the first column of the file's tensor.
    const stride = spec?.transposed ? (shape[0] ?? 1) : 1;
    samples.set(name, {
      shape: spec === undefined ? shape : fileShape(spec),
      at: Array.from({ length: count }, (_, index) => index * stride),
      values: [...floats],
    });
    offset += byteLength(sample);
  }
  return samples;
}

/** Reads the tensors that a model's files may lack, by name: a classifier's head. */
export async function readHead({ loaded, runner }: BaseModel): Promise<ReadonlyMap<string, Tensor>> {
  const { model, weights } = loaded;
  const head = new Map<string, Tensor>();
  for (const spec of model.weights) {
    const value = weights.get(spec.name);
    if (spec.initialStd === undefined || value === undefined) continue;
    head.set(spec.name, toFileOrder(spec, { dims: value.shape, data: await readFloats(runner, value) }));
  }
  return head;
}
