import { describe, expect, test } from 'vitest';
import type { AdapterTensors } from '../../../../src/adapters/files/adapter_tensors';
import { readAdapterModel } from '../../../../src/adapters/files/read_adapter';
import { writeAdapterModel } from '../../../../src/adapters/files/write_adapter';
import { VeraConfig } from '../../../../src/adapters/vera/config/vera_config';
import { defaultLimits } from '../../../../src/core/types/source';
import { type RawTensor, writeSafetensors } from '../../../../src/formats/tensors/safetensors';
import { bytesOf, expectedOf } from './golden_files';
import { expected, f32, malformed, Q, read, situation, small } from './small_adapter';
import { readVeraConfig, veraExpected, writeVeraConfig } from './vera_expected';

describe('readAdapterModel', () => {
  test('reads halves as float32', () => {
    const halves = new Uint16Array([0x3c00, 0xc000, 0x3800]);
    const tensors = small().set(`${Q}b`, { dtype: 'F16', shape: [3], bytes: new Uint8Array(halves.buffer) });
    expect([...(read(tensors).parameters.get(`${Q}b`)?.data ?? [])]).toEqual([1, -2, 0.5]);
  });

  test("takes names that end in the adapter's name, as PEFT does since 0.21", () => {
    const named = new Map([...small()].map(([name, tensor]) => [`${name}.default`, tensor]));
    expect(read(named)).toEqual(read(small()));
  });

  test.each(['base_model.vera_A', 'base_model.vera_B'])(
    'refuses a file without %s when projections are saved',
    (name) => {
      const tensors = small();
      tensors.delete(name);
      const row = situation('load: config says save_projection True, file has no projections');
      expect(() => read(tensors)).toThrow(malformed(row?.error?.message ?? ''));
    },
  );

  test("leaves the file's projections when they are not to be used, with PEFT's warning", () => {
    const { frozen, warnings } = read(small(), { save_projection: false });
    const row = situation('load: config says save_projection False, file has projections');
    expect(frozen.size).toBe(0);
    expect(warnings.map((message) => `UserWarning: ${message}`)).toEqual(row?.warnings?.slice(1));
  });

  test('warns as PEFT does when projections come from the key', () => {
    const tensors = small();
    tensors.delete('base_model.vera_A');
    tensors.delete('base_model.vera_B');
    const row = situation('load: saved without projections');
    expect(read(tensors, { save_projection: false }).warnings.map((message) => `UserWarning: ${message}`)).toEqual(
      row?.warnings?.slice(1),
    );
  });

  test('uses projections with more features than the modules need', () => {
    const tensors = small()
      .set('base_model.vera_A', f32([2, 9]))
      .set('base_model.vera_B', f32([7, 2]));
    const { frozen } = read(tensors);
    expect([...frozen.values()].map(({ dims }) => dims)).toEqual([
      [2, 9],
      [7, 2],
    ]);
  });

  test('names every absent vector', () => {
    const tensors = small();
    tensors.delete(`${Q}b`);
    tensors.delete(`${Q}d`);
    expect(() => read(tensors)).toThrow(
      malformed(`Found missing adapter keys while loading the checkpoint: ['${Q}b.default', '${Q}d.default'].`),
    );
  });

  test("lists all wrong shapes in PEFT's words", () => {
    const tensors = small()
      .set(`${Q}d`, f32([5]))
      .set('base_model.vera_A', f32([2, 3]));
    expect(() => read(tensors)).toThrow(
      malformed(
        'Error(s) in loading state_dict for PeftModel:' +
          `\n\tsize mismatch for ${Q}d.default: copying a param with shape torch.Size([5]) from checkpoint, the shape in current model is torch.Size([2]).` +
          '\n\tsize mismatch for base_model.vera_A.default: copying a param with shape torch.Size([2, 3]) from checkpoint, the shape in current model is torch.Size([2, 4]).',
      ),
    );
  });

  test.each<[string, RawTensor]>([
    ['base_model.vera_A', f32([3, 4])],
    ['base_model.vera_A', f32([8])],
    ['base_model.vera_B', f32([3, 2, 1])],
    [`${Q}b`, f32([])],
  ])('refuses %s of another shape', (name, tensor) => {
    expect(() => read(small().set(name, tensor))).toThrow(expect.objectContaining({ code: 'invalid_format' }));
  });

  test("gives PEFT's error for another rank, projections included", () => {
    // The same situation as the one in which PEFT gave its error: a file of rank 4 for OPT is read with r = 2.
    const vectors = ['0', '1'].flatMap((layer) =>
      ['v_proj', 'q_proj'].map(
        (module) => `base_model.model.model.decoder.layers.${layer}.self_attn.${module}.vera_lambda_d`,
      ),
    );
    const tensors = new Map<string, RawTensor>(vectors.map((name) => [name, f32([4])]));
    tensors.set('base_model.vera_A', f32([4, 32])).set('base_model.vera_B', f32([32, 4]));
    const opt = { r: 2, max_in: 32, max_out: 32, vectors: new Map(vectors.map((name) => [name, [2]])) };
    expect(() => read(tensors, opt)).toThrow(
      malformed(situation('load: config has another rank than the file')?.error?.message ?? ''),
    );
  });

  test.each([Number.NaN, Number.POSITIVE_INFINITY, 10001, -1e30])('refuses a value of %d', (value) => {
    for (const name of [`${Q}b`, 'base_model.vera_A']) {
      const shape = small().get(name)?.shape ?? [];
      const tensors = small().set(
        name,
        f32(shape, (i) => (i === 1 ? value : 0)),
      );
      expect(() => read(tensors)).toThrow(
        malformed(
          `adapter_model.safetensors: ${name}: expected finite values of at most 10000, got ${Math.fround(value)}`,
        ),
      );
    }
  });

  test('refuses integers', () => {
    const tensors = small().set(`${Q}b`, { dtype: 'I32', shape: [3], bytes: new Uint8Array(12) });
    expect(() => read(tensors)).toThrow(expect.objectContaining({ code: 'invalid_format' }));
  });

  test('refuses a cut or empty file', () => {
    const bytes = bytesOf('llama_bf16_mid/adapter/adapter_model.safetensors');
    for (const length of [0, 7, 200, bytes.length - 1]) {
      expect(() => readAdapterModel(bytes.subarray(0, length), expectedOf('llama_bf16_mid', true))).toThrow(
        expect.objectContaining({ code: 'invalid_format' }),
      );
    }
  });

  test('refuses a file above the limit', () => {
    const bytes = writeSafetensors(small());
    const limits = { ...defaultLimits, adapter: bytes.length - 1 };
    expect(() => readAdapterModel(bytes, veraExpected(expected), { limits })).toThrow(
      expect.objectContaining({ code: 'limit_exceeded' }),
    );
  });
});

test('what is written for another model than the golden ones can be read again', () => {
  const tensors: AdapterTensors = {
    parameters: new Map([
      [`${Q}b`, { dims: [3], data: new Float32Array([1, 2, 3]) }],
      [`${Q}d`, { dims: [2], data: new Float32Array([0.5, -0.25]) }],
    ]),
    frozen: new Map(),
    others: new Map([['base_model.model.score.weight', { dims: [1, 2], data: new Float32Array([7, 8]) }]]),
  };
  const others = new Map([['base_model.model.score.weight', { shape: [1, 2], kind: 'module' as const }]]);
  const bytes = writeAdapterModel(tensors);
  expect(readAdapterModel(bytes, veraExpected({ ...expected, save_projection: false, others }))).toEqual(tensors);
  const config = new VeraConfig({ r: 2, target_modules: ['q'], d_initial: 1e-5, base_model_name_or_path: 'é' });
  expect(readVeraConfig(writeVeraConfig(config))).toEqual(new VeraConfig({ ...config, inference_mode: true }));
});
