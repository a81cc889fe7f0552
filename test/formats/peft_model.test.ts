import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { VeraConfig } from '../../src/adapters/vera/config';
import { defaultLimits } from '../../src/core/source';
import {
  type AdapterTensors,
  type ExpectedOther,
  type ExpectedTensors,
  readAdapterConfig,
  readAdapterModel,
  writeAdapterConfig,
  writeAdapterModel,
} from '../../src/formats/peft';
import { type RawTensor, writeSafetensors } from '../../src/formats/safetensors';
import { bytesOf, expectedOf } from './golden_files';

// ── a small adapter, to be damaged ──

const f32 = (shape: readonly number[], value: (i: number) => number = (i) => i / 8): RawTensor => {
  const data = Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => value(i));
  return { dtype: 'F32', shape, bytes: new Uint8Array(data.buffer) };
};
const Q = 'base_model.model.h.q.vera_lambda_';
const small = (): Map<string, RawTensor> =>
  new Map([
    [`${Q}b`, f32([3])],
    [`${Q}d`, f32([2])],
    ['base_model.vera_A', f32([2, 4])],
    ['base_model.vera_B', f32([3, 2])],
  ]);
const expected: ExpectedTensors = {
  save_projection: true,
  r: 2,
  max_in: 4,
  max_out: 3,
  vectors: new Map([
    [`${Q}b`, [3]],
    [`${Q}d`, [2]],
  ]),
};
const { rows } = JSON.parse(readFileSync('test/golden/errors.json', 'utf8')) as {
  rows: { situation: string; error?: { message: string }; warnings?: string[] }[];
};
const situation = (name: string) => rows.find((row) => row.situation === name);

function read(tensors: Map<string, RawTensor>, changes: Partial<ExpectedTensors> = {}) {
  const warnings: string[] = [];
  const warn = ({ message }: { message: string }) => warnings.push(message);
  const result: AdapterTensors = readAdapterModel(writeSafetensors(tensors), { ...expected, ...changes }, { warn });
  return { ...result, warnings };
}

const malformed = (message: string) =>
  expect.objectContaining({ name: 'WebVeraError', code: 'invalid_format', message });

describe('readAdapterModel', () => {
  test('reads halves as float32', () => {
    const halves = new Uint16Array([0x3c00, 0xc000, 0x3800]);
    const tensors = small().set(`${Q}b`, { dtype: 'F16', shape: [3], bytes: new Uint8Array(halves.buffer) });
    expect([...(read(tensors).vectors.get(`${Q}b`) ?? [])]).toEqual([1, -2, 0.5]);
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
    const { projections, warnings } = read(small(), { save_projection: false });
    const row = situation('load: config says save_projection False, file has projections');
    expect(projections).toBeUndefined();
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
    const { projections } = read(tensors);
    expect([projections?.A.dims, projections?.B.dims]).toEqual([
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

  test('says what PEFT says about another rank, projections included', () => {
    // The golden row is of an adapter of rank 4 over OPT, read with r = 2.
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

  test('leaves tensors that nobody expects, with a warning, and takes those that may be there', () => {
    const bias = 'base_model.model.h.q.base_layer.bias';
    const tensors = small().set(bias, f32([3]));
    const { warnings, ...result } = read(tensors);
    expect({ ...result, warnings: [] }).toEqual(read(small()));
    expect(warnings).toEqual([
      `adapter_model.safetensors: left out what is no part of this adapter, 1 of ${tensors.size} tensors: ${bias}`,
    ]);
    for (let index = 0; index < 5; index++) tensors.set(`extra${index}`, f32([1]));
    expect(read(tensors).warnings).toEqual([expect.stringMatching(/, 6 of \d+ tensors: .*, extra2, …$/)]);
    const others = new Map([[bias, { shape: [3], kind: 'bias' as const }]]);
    expect(read(tensors, { others }).others.get(bias)).toEqual({
      dims: [3],
      data: new Float32Array([0, 1 / 8, 2 / 8]),
    });
    expect(read(small(), { others }).others.size).toBe(0);
    expect(() => read(small().set(bias, f32([4])), { others })).toThrow(/size mismatch for .*base_layer\.bias/);
  });

  describe('of biases and whole modules', () => {
    const bias = 'base_model.model.h.q.base_layer.bias';
    const norm = 'base_model.model.norm.';
    const others = new Map<string, ExpectedOther>([
      [bias, { shape: [3], kind: 'bias' }],
      [`${norm}weight`, { shape: [2], kind: 'module' }],
      [`${norm}bias`, { shape: [2], kind: 'module' }],
    ]);
    const complete = () =>
      small()
        .set(bias, f32([3]))
        .set(`${norm}weight`, f32([2]))
        .set(
          `${norm}bias`,
          f32([2], (i) => 5 + i),
        );

    test('reads them, halves as float32', () => {
      const brains = new Uint16Array([0x3f80, 0xc000]);
      const tensors = complete().set(`${norm}weight`, {
        dtype: 'BF16',
        shape: [2],
        bytes: new Uint8Array(brains.buffer),
      });
      const result = read(tensors, { others });
      expect(result.warnings).toEqual([]);
      expect([...result.others].map(([name, { dims, data }]) => [name, dims, [...data]])).toEqual([
        [bias, [3], [0, 1 / 8, 2 / 8]],
        [`${norm}weight`, [2], [1, -2]],
        [`${norm}bias`, [2], [5, 6]],
      ]);
    });

    test("refuses a file without a whole module's tensor, as PEFT does before all else", () => {
      const tensors = complete();
      tensors.delete(`${norm}bias`);
      tensors.delete(`${Q}b`);
      tensors.delete('base_model.vera_A');
      expect(() => read(tensors, { others })).toThrow(malformed("'base_model.model.norm.bias'"));
    });

    test('takes a file without biases, with a warning', () => {
      const tensors = complete();
      tensors.delete(bias);
      const result = read(tensors, { others });
      expect([...result.others.keys()]).toEqual([`${norm}weight`, `${norm}bias`]);
      expect(result.warnings).toEqual([`Found missing adapter keys while loading the checkpoint: ['${bias}'].`]);
    });

    test('lists their wrong shapes with the others', () => {
      const tensors = complete()
        .set(`${Q}d`, f32([5]))
        .set(bias, f32([4]))
        .set(`${norm}weight`, f32([2, 1]));
      const mismatch = (parameter: string, got: string, wanted: string) =>
        `\n\tsize mismatch for ${parameter}: copying a param with shape torch.Size([${got}]) from checkpoint, ` +
        `the shape in current model is torch.Size([${wanted}]).`;
      expect(() => read(tensors, { others })).toThrow(
        malformed(
          `Error(s) in loading state_dict for PeftModel:${mismatch(`${Q}d.default`, '5', '2')}` +
            mismatch(bias, '4', '3') +
            mismatch(`${norm}modules_to_save.default.weight`, '2, 1', '2'),
        ),
      );
    });

    test("leaves PEFT's copies of the biases of whole modules", () => {
      const tensors = complete()
        .set(
          `${norm}modules_to_save.bias`,
          f32([2], () => 9),
        )
        .set(
          `${norm}original_module.bias`,
          f32([2], () => 9),
        );
      expect(read(tensors, { others })).toEqual(read(complete(), { others }));
      tensors.set('base_model.model.other.modules_to_save.bias', f32([2]));
      expect(read(tensors, { others }).warnings).toEqual([expect.stringContaining('other.modules_to_save.bias')]);
    });

    test("leaves a wrapped head's frozen weight, with a warning", () => {
      const weight = 'base_model.model.h.q.base_layer.weight';
      const { warnings, ...result } = read(complete().set(weight, f32([3, 4])), { others });
      expect({ ...result, warnings: [] }).toEqual(read(complete(), { others }));
      expect(warnings).toEqual([expect.stringContaining(weight)]);
    });
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

  test.each([
    [Number.NaN, 'bias'],
    [Number.NEGATIVE_INFINITY, 'module'],
  ] as const)('refuses a value of %d in a %s', (value, kind) => {
    const name = 'base_model.model.h.q.base_layer.bias';
    const others = new Map([[name, { shape: [3], kind }]]);
    const withValue = (other: number) =>
      small().set(
        name,
        f32([3], (i) => (i === 1 ? other : 0)),
      );
    expect(() => read(withValue(value), { others })).toThrow(
      malformed(`adapter_model.safetensors: ${name}: expected finite values, got ${value}`),
    );
    // A base model's own numbers may be large.
    expect(read(withValue(123456), { others }).others.get(name)?.data[1]).toBe(123456);
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
    expect(() => readAdapterModel(bytes, expected, { limits })).toThrow(
      expect.objectContaining({ code: 'limit_exceeded' }),
    );
  });
});

test('what is written for another model than the golden ones can be read again', () => {
  const tensors: AdapterTensors = {
    vectors: new Map([
      [`${Q}b`, new Float32Array([1, 2, 3])],
      [`${Q}d`, new Float32Array([0.5, -0.25])],
    ]),
    projections: undefined,
    others: new Map([['base_model.model.score.weight', { dims: [1, 2], data: new Float32Array([7, 8]) }]]),
  };
  const others = new Map([['base_model.model.score.weight', { shape: [1, 2], kind: 'module' as const }]]);
  const bytes = writeAdapterModel(tensors);
  expect(readAdapterModel(bytes, { ...expected, save_projection: false, others })).toEqual(tensors);
  const config = new VeraConfig({ r: 2, target_modules: ['q'], d_initial: 1e-5, base_model_name_or_path: 'é' });
  expect(readAdapterConfig(writeAdapterConfig(config))).toEqual(new VeraConfig({ ...config, inference_mode: true }));
});
