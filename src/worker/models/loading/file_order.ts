import type { Storage } from '../../../core/numbers/storage';
import type { Tensor } from '../../../core/types/tensor';
import { transpose } from '../../../formats/tensors/transpose';
import type { Runner } from '../../../graph/runner';
import { pinned, storageOf, type Value } from '../../../graph/value';
import { type Architecture, fileNames, fileShape, type WeightSpec } from '../../../models/architecture';

/** Reads a value's elements as float32, in the device's order. */
export async function readFloats(runner: Runner, value: Value): Promise<Float32Array<ArrayBuffer>> {
  const bytes = await runner.read(value);
  const numbers = storageOf(value).decode(bytes, value.shape);
  return numbers.buffer === bytes ? numbers.slice() : numbers;
}

export function specOf(model: Architecture, name: string): WeightSpec | undefined {
  return model.weights.find((spec) => spec.name === name);
}

/** Returns a tensor's name in the model's files. */
export function fileName(model: Architecture, name: string): string {
  const spec = specOf(model, name);
  return spec === undefined ? name : fileNames(spec)[0];
}

/** Returns a tensor in the shape and order of dimensions that it has in the model's files. */
export function toFileOrder(spec: WeightSpec | undefined, { dims, data }: Tensor): Tensor {
  if (spec === undefined) return { dims, data };
  const [rows = 0, columns = 0] = spec.shape;
  return { dims: fileShape(spec), data: spec.transposed ? transpose(data, rows, columns) : data };
}

/** Returns a file's tensor in the shape and order of dimensions that it has on the device: the inverse of `toFileOrder`. */
export function toDeviceOrder(spec: WeightSpec | undefined, { dims, data }: Tensor): Tensor {
  if (spec === undefined) return { dims, data };
  const [rows = 0, columns = 0] = spec.shape;
  return { dims: spec.shape, data: spec.transposed ? transpose(data, columns, rows) : data };
}

/** Copies a value to a new pinned value with another storage format. Rounds each element to the nearest. */
export async function storedAs(runner: Runner, value: Value, storage: Storage): Promise<Value> {
  const stored = pinned(value.name, value.shape, storage.name);
  const data = storage.encode(await readFloats(runner, value), value.shape);
  try {
    await runner.allocate([stored]);
    runner.write(stored, data);
    return stored;
  } catch (error) {
    runner.free([stored]);
    throw error;
  }
}
