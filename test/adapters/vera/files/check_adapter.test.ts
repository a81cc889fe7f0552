import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { checkAdapterModel } from '../../../../src/adapters/files/check_adapter';
import { readAdapterModel } from '../../../../src/adapters/files/read_adapter';
import { writeAdapterModel } from '../../../../src/adapters/files/write_adapter';
import { VeraConfig } from '../../../../src/adapters/vera/config/vera_config';
import { veraKind } from '../../../../src/adapters/vera/kind';
import type { Tensor } from '../../../../src/core/types/tensor';
import { writeSafetensors } from '../../../../src/formats/tensors/safetensors';
import { MemoryStore } from '../../../../src/store/blob_store';
import { SavedAdapters } from '../../../../src/worker/storage/saved_adapters';
import { readVeraConfig, veraExpected, writeVeraConfig } from './vera_expected';

const config = new VeraConfig({ r: 2, target_modules: ['q'], save_projection: true });
const q = 'base_model.model.q.vera_lambda';
const good: Readonly<Record<string, Tensor>> = {
  [`${q}_b`]: tensor([3]),
  [`${q}_d`]: tensor([2]),
  'base_model.vera_A': tensor([2, 4]),
  'base_model.vera_B': tensor([3, 2]),
  'base_model.model.head.weight': tensor([2, 2], 1e20),
};

function tensor(dims: readonly number[], value = 1): Tensor {
  return { dims, data: new Float32Array(dims.reduce((a, b) => a * b, 1)).fill(value) };
}

/** Like `writeTensors`, but without its checks, because another program may have written the file. */
const bytesOf = (tensors: Readonly<Record<string, Tensor>>) =>
  writeSafetensors(
    Object.entries(tensors).map(([name, { dims, data }]) => [
      name,
      { dtype: 'F32', shape: dims, bytes: new Uint8Array(data.buffer as ArrayBuffer) },
    ]),
  );
const invalid = (message: RegExp) =>
  expect.objectContaining({ code: 'invalid_format', message: expect.stringMatching(message) });

describe("an adapter's tensors, checked without its model", () => {
  test('pass as PEFT wrote them', () => {
    expect(() => checkAdapterModel(bytesOf(good), veraKind, config)).not.toThrow();
    for (const [name, folder] of [
      ['llama_qvud_big', 'adapter'],
      ['opt_bias_mid', 'adapter'],
    ]) {
      const read = (file: string) => new Uint8Array(readFileSync(`test/golden/cases/${name}/${folder}/${file}`));
      const saved = readVeraConfig(read('adapter_config.json'), { warn: () => {} });
      expect(() => checkAdapterModel(read('adapter_model.safetensors'), veraKind, saved)).not.toThrow();
    }
  });

  test.each<[string, Readonly<Record<string, Tensor>>, RegExp]>([
    [
      'a large λ',
      { [`${q}_b`]: tensor([3], 1e5) },
      /vera_lambda_b: expected finite values of at most 10000, got 100000$/,
    ],
    ['an infinite λ', { [`${q}_d`]: tensor([2], Infinity) }, /vera_lambda_d: expected finite values/],
    ['a large A', { 'base_model.vera_A': tensor([2, 4], -1e5) }, /vera_A: expected finite values/],
    [
      'a module that is not finite',
      { 'base_model.model.head.weight': tensor([1], NaN) },
      /head\.weight: expected finite/,
    ],
    ['another rank', { [`${q}_d`]: tensor([4]) }, /vera_lambda_d: expected a tensor of rank 2, got \[4\]$/],
    ['a λ_b of two dimensions', { [`${q}_b`]: tensor([3, 1]) }, /vera_lambda_b: expected a tensor of rank 2/],
    ['A of another rank', { 'base_model.vera_A': tensor([3, 4]) }, /vera_A: expected a tensor of rank 2/],
    ['B of another rank', { 'base_model.vera_B': tensor([3, 3]) }, /vera_B: expected a tensor of rank 2/],
  ])('%s is refused', (_, changes, message) => {
    expect(() => checkAdapterModel(bytesOf({ ...good, ...changes }), veraKind, config)).toThrow(invalid(message));
  });

  test('projections must exist if the configuration says so', () => {
    const { 'base_model.vera_A': _, ...rest } = good;
    expect(() => checkAdapterModel(bytesOf(rest), veraKind, config)).toThrow(
      invalid(/^Specified to load vera_A and vera_B/),
    );
    expect(() =>
      checkAdapterModel(bytesOf(rest), veraKind, new VeraConfig({ r: 2, save_projection: false })),
    ).not.toThrow();
  });

  test('an imported adapter is checked before it is stored', async () => {
    const shelf = new SavedAdapters(new MemoryStore(), () => {});
    const files = { config: writeVeraConfig(config), model: bytesOf({ ...good, [`${q}_b`]: tensor([3], 1e5) }) };
    await expect(shelf.set('mine', files)).rejects.toMatchObject({ code: 'invalid_format' });
    expect(await shelf.list()).toEqual([]);
    await shelf.set('mine', { ...files, model: bytesOf(good) });
    expect(await shelf.list()).toHaveLength(1);
  });
});

test('a written file can be read again, or is refused before', () => {
  const value = fc.oneof(fc.double({ noNaN: false }), fc.constantFrom(1e4, 1e5, -1e39, 0, NaN));
  const vector = (length: number) =>
    fc.array(value, { minLength: length, maxLength: length }).map((v) => Float32Array.from(v));
  fc.assert(
    fc.property(
      vector(3),
      vector(2),
      vector(4),
      fc.option(fc.double({ min: -2e4, max: 2e4, noNaN: true })),
      (b, d, head, d_initial) => {
        const vectors = new Map([
          [`${q}_b`, { dims: [3], data: b }],
          [`${q}_d`, { dims: [2], data: d }],
        ]);
        const others = new Map([['head.weight', { dims: [4], data: head }]]);
        let bytes: { config: Uint8Array; model: Uint8Array };
        try {
          const given = new VeraConfig({ r: 2, save_projection: false, ...(d_initial === null ? {} : { d_initial }) });
          bytes = {
            config: writeVeraConfig(given),
            model: writeAdapterModel({ parameters: vectors, frozen: new Map(), others }),
          };
        } catch (error) {
          expect(error).toMatchObject({ code: expect.stringMatching(/^(numerical_error|invalid_argument)$/) });
          return;
        }
        const expected = {
          save_projection: false,
          r: 2,
          max_in: 4,
          max_out: 3,
          vectors: new Map([
            [`${q}_b`, [3]],
            [`${q}_d`, [2]],
          ]),
          others: new Map([['head.weight', { shape: [4], kind: 'module' as const }]]),
        };
        expect(readAdapterModel(bytes.model, veraExpected(expected)).parameters).toEqual(vectors);
        expect(() => checkAdapterModel(bytes.model, veraKind, readVeraConfig(bytes.config))).not.toThrow();
      },
    ),
    { numRuns: 200 },
  );
});
