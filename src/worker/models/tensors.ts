import { numel } from '../../core/shape';
import type { Tensor } from '../../core/tensor';
import { f16ToF32, f32ToF16 } from '../../formats/float16';
import { transpose } from '../../formats/transpose';
import type { Runner } from '../../graph/runner';
import { pinned, type Value } from '../../graph/value';
import { type Architecture, fileShape, type WeightSpec } from '../../models/architecture';

/** A value's elements as float32, in the device's order. */
export async function readFloats(runner: Runner, value: Value): Promise<Float32Array<ArrayBuffer>> {
  const bytes = await runner.read(value);
  const length = numel(value.shape);
  return value.dtype === 'f16' ? f16ToF32(new Uint16Array(bytes, 0, length)) : new Float32Array(bytes).slice(0, length);
}

export function specOf(model: Architecture, name: string): WeightSpec | undefined {
  return model.weights.find((spec) => spec.name === name);
}

/** A tensor of the model in the checkpoint's shape and order of dimensions. */
export function toFileOrder(spec: WeightSpec | undefined, { dims, data }: Tensor): Tensor {
  if (spec?.transposed !== true) return { dims, data };
  const [rows = 0, columns = 0] = spec.shape;
  return { dims: fileShape(spec), data: transpose(data, rows, columns) };
}

/** The reverse of `toFileOrder`. */
export function toDeviceOrder(spec: WeightSpec | undefined, { dims, data }: Tensor): Tensor {
  if (spec?.transposed !== true) return { dims, data };
  const [rows = 0, columns = 0] = fileShape(spec);
  return { dims: spec.shape, data: transpose(data, rows, columns) };
}

/** The same numbers as a new pinned value of packed halves, each rounded to the nearest. */
export async function packHalves(runner: Runner, value: Value): Promise<Value> {
  const halves = pinned(value.name, value.shape, 'f16');
  const data = f32ToF16(await readFloats(runner, value));
  try {
    await runner.allocate([halves]);
    runner.write(halves, data);
    return halves;
  } catch (error) {
    runner.free([halves]);
    throw error;
  }
}
