import { open, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { MODELS } from '../../../scripts/estimates/models.mjs';
import { numel } from '../../../src/core/numbers/shape';
import { storages } from '../../../src/core/numbers/storage';
import type { StorageName } from '../../../src/core/numbers/storage_names';
import { formatHeader, inFileOrder } from '../../../src/formats/tensors/safetensors';
import { fileShape } from '../../../src/models/architecture';
import { createArchitecture } from '../../../src/tasks/task_registry';

/** Writes a model folder with a published model's config and with weights of its shapes: vectors of ones, random matrices. */
export async function writeRealSize(folder: string, name: string, storage: StorageName): Promise<void> {
  const config = MODELS.find((model) => model.name === name)?.config as { readonly model_type: string };
  const { file, encode } = storages[storage];
  if (file === undefined) throw new RangeError(`expected a storage of files, got ${storage}`);
  const tensors = inFileOrder(
    createArchitecture(config).weights.map((spec) => ({ name: spec.name, dtype: file, shape: fileShape(spec) })),
  );
  await writeFile(join(folder, 'config.json'), JSON.stringify(config));
  const weights = await open(join(folder, 'model.safetensors'), 'w');
  try {
    await weights.write(formatHeader(tensors));
    for (const [index, { shape }] of tensors.entries()) {
      const elements = encode(numbersOf(shape, index + 1), shape);
      await weights.write(new Uint8Array(elements.buffer, elements.byteOffset, elements.byteLength));
    }
  } finally {
    await weights.close();
  }
}

/** Returns a tensor's numbers. They are drawn by xorshift, which is fast enough for 134 million numbers. */
function numbersOf(shape: readonly number[], seed: number): Float32Array<ArrayBuffer> {
  const numbers = new Float32Array(numel(shape));
  if (shape.length === 1) return numbers.fill(1);
  let state = Math.imul(seed, 0x9e3779b9) | 1;
  for (let i = 0; i < numbers.length; i++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    numbers[i] = state * (0.05 / 2 ** 31);
  }
  return numbers;
}
