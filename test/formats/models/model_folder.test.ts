import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { FileSource } from '../../../src/core/input/file_source';
import type { PretrainedConfig } from '../../../src/core/types/model';
import { type ModelTensor, type ModelTensorSpec, writeModelFolder } from '../../../src/formats/models/model_folder';
import { readWeights } from '../../../src/formats/models/weights';
import { readSafetensors } from '../../../src/formats/tensors/safetensors';

const config: PretrainedConfig = { model_type: 'llama', dtype: 'bfloat16' };

const tensor = (name: string, dims: readonly number[], dtype: 'F32' | 'F16' = 'F32'): ModelTensor => {
  const count = dims.reduce((a, b) => a * b, 1);
  const bytes = Uint8Array.from({ length: count * (dtype === 'F32' ? 4 : 2) }, (_, i) => (i * 7 + name.length) % 256);
  return { name, dims, dtype, bytes };
};
const model = [
  tensor('model.norm.weight', [3]),
  tensor('lm_head.weight', [5, 3], 'F16'),
  tensor('model.embed_tokens.weight', [5, 3]),
  tensor('model.h.weight', [3, 3]),
];
const specs: readonly ModelTensorSpec[] = model.map(({ name, dims, dtype }) => ({ name, dims, dtype }));

async function* stream(tensors: readonly ModelTensor[]): AsyncGenerator<ModelTensor> {
  yield* tensors;
}

const bytesOf = async (blob: Blob | undefined): Promise<Uint8Array<ArrayBuffer>> =>
  new Uint8Array((await blob?.arrayBuffer()) ?? new ArrayBuffer(0));
const jsonOf = async (blob: Blob | undefined): Promise<unknown> => JSON.parse((await blob?.text()) ?? '');

function sourceOf(files: ReadonlyMap<string, Blob>): FileSource {
  return {
    name: 'folder',
    location: 'folder',
    expect: () => {},
    async open(file) {
      const blob = files.get(file);
      if (blob === undefined) return undefined;
      const chunks = [await bytesOf(blob)];
      return { size: blob.size, read: async () => chunks.pop(), cancel: async () => {} };
    },
  };
}

/** Reads a folder's tensors with the library's own reader, by name. */
async function readBack(files: ReadonlyMap<string, Blob>): Promise<Map<string, ModelTensor>> {
  const tensors = new Map<string, ModelTensor>();
  for await (const { name, shape, dtype, take } of readWeights(sourceOf(files))) {
    tensors.set(name, { name, dims: shape, dtype: dtype as 'F32', bytes: (await take()).bytes });
  }
  return tensors;
}

const byName = (tensors: readonly ModelTensor[]) => new Map(tensors.map((one) => [one.name, one]));

describe('writeModelFolder', () => {
  test('writes one file that can be read back, floats before halves', async () => {
    const files = await writeModelFolder(config, { specs, tensors: stream(model) });
    expect([...files.keys()]).toEqual(['config.json', 'model.safetensors']);
    expect(await readBack(files)).toEqual(byName(model));
    const { tensors, metadata } = readSafetensors(await bytesOf(files.get('model.safetensors')));
    expect(metadata).toEqual(new Map([['format', 'pt']]));
    expect([...tensors.keys()]).toEqual([
      'model.embed_tokens.weight',
      'model.h.weight',
      'model.norm.weight',
      'lm_head.weight',
    ]);
  });

  const bases = ['llama', 'llama3-tied', 'lfm2', 'gpt2', 'opt'];
  test.each(bases)("writes transformers' own bytes of %s again", async (base) => {
    const folder = `test/golden/base/${base}`;
    const file = readFileSync(`${folder}/model.safetensors`);
    const text = readFileSync(`${folder}/config.json`, 'utf8');
    const tensors = [...readSafetensors(new Uint8Array(file)).tensors].map(
      ([name, { shape, bytes }]): ModelTensor => ({ name, dims: shape, dtype: 'F32', bytes: bytes.slice() }),
    );
    const files = await writeModelFolder(JSON.parse(text), { specs: tensors, tensors: stream(tensors.toReversed()) });
    expect(await files.get('config.json')?.text()).toBe(text);
    expect(Buffer.from(await bytesOf(files.get('model.safetensors'))).equals(file)).toBe(true);
  });

  test('splits what is larger than a shard, with an index', async () => {
    const files = await writeModelFolder(config, { specs, tensors: stream(model), maxShardBytes: 60 });
    const [first, second, third] = [1, 2, 3].map((number) => `model-0000${number}-of-00003.safetensors`);
    expect([...files.keys()]).toEqual(['config.json', first, second, third, 'model.safetensors.index.json']);
    expect(await jsonOf(files.get('model.safetensors.index.json'))).toEqual({
      metadata: { total_parameters: 42, total_size: 138 },
      weight_map: {
        'lm_head.weight': third,
        'model.embed_tokens.weight': first,
        'model.h.weight': second,
        'model.norm.weight': second,
      },
    });
    expect(await readBack(files)).toEqual(byName(model));
  });

  test('gives a tensor that is larger than a shard one of its own', async () => {
    const files = await writeModelFolder(config, { specs, tensors: stream(model), maxShardBytes: 1 });
    expect(files.size).toBe(2 + model.length);
    expect(await readBack(files)).toEqual(byName(model));
  });

  test('writes whole numbers in fields of floats as Python does, because transformers checks their type', async () => {
    const dinov2 = { model_type: 'dinov2', layerscale_value: 1, mlp_ratio: 4 };
    const files = await writeModelFolder(dinov2, { specs, tensors: stream(model) });
    const text = await files.get('config.json')?.text();
    expect(text).toContain('"layerscale_value": 1.0,');
    expect(text).toContain('"mlp_ratio": 4,');
    const clip = { model_type: 'clip', vision_config: { attention_dropout: 0, initializer_factor: 1 } };
    const towers = await writeModelFolder(clip, { specs, tensors: stream(model) });
    expect(await towers.get('config.json')?.text()).toContain('"initializer_factor": 1.0\n');
  });

  test('writes the dtype of the weights into the config', async () => {
    const dtypeOf = async (given: PretrainedConfig, dtype: 'F32' | 'F16') => {
      const tensors = [tensor('a', [2], dtype)];
      const files = await writeModelFolder(given, { specs: tensors, tensors: stream(tensors) });
      return jsonOf(files.get('config.json'));
    };
    expect(await dtypeOf(config, 'F32')).toEqual({ model_type: 'llama', dtype: 'float32' });
    expect(await dtypeOf(config, 'F16')).toEqual({ model_type: 'llama', dtype: 'float16' });
    const old = { model_type: 'opt', torch_dtype: 'float16' };
    expect(await dtypeOf(old, 'F32')).toEqual({ model_type: 'opt', torch_dtype: 'float32' });
    expect(await dtypeOf({ model_type: 'gpt2' }, 'F32')).toEqual({ model_type: 'gpt2', dtype: 'float32' });
  });

  test('asks for the next tensor only when it has the last one', async () => {
    const events: string[] = [];
    async function* watched(): AsyncGenerator<ModelTensor> {
      for (const one of model) {
        const bytes = one.bytes.slice();
        yield { ...one, bytes };
        // A source of tensors may reuse their memory, so the writer must have copied the bytes.
        bytes.fill(255);
        events.push(one.name);
      }
    }
    const files = await writeModelFolder(config, { specs, tensors: watched() });
    expect(events).toEqual(model.map(({ name }) => name));
    expect(await readBack(files)).toEqual(byName(model));
  });

  test.each<[string, readonly ModelTensor[]]>([
    ['a tensor too few', model.slice(1)],
    ['a tensor too many', [...model, tensor('other', [1])]],
    ['a tensor twice', [...model, ...model.slice(0, 1)]],
    ['another shape', model.map((one) => (one.dims.length === 1 ? { ...one, dims: [3, 1] } : one))],
    ['another type', model.map((one) => (one.dtype === 'F16' ? tensor(one.name, one.dims) : one))],
    ['too few bytes', model.map((one) => ({ ...one, bytes: one.bytes.slice(4) }))],
  ])('refuses %s', async (_, tensors) => {
    await expect(writeModelFolder(config, { specs, tensors: stream(tensors) })).rejects.toThrow(
      expect.objectContaining({ name: 'WebVeraError', code: 'invalid_argument' }),
    );
  });

  test('rethrows errors of the tensors, and closes their source after an error', async () => {
    const failure = new Error('lost');
    const failing = (async function* (): AsyncGenerator<ModelTensor> {
      yield* model.slice(0, 1);
      throw failure;
    })();
    await expect(writeModelFolder(config, { specs, tensors: failing })).rejects.toBe(failure);
    let closed = false;
    const wrong = (async function* (): AsyncGenerator<ModelTensor> {
      try {
        yield tensor('other', [1]);
      } finally {
        closed = true;
      }
    })();
    await expect(writeModelFolder(config, { specs, tensors: wrong })).rejects.toThrow('other');
    expect(closed).toBe(true);
  });
});
