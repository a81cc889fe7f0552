import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { benchHelp, readBenchOptions } from '../../bench/options/bench_options.mjs';
import { ALL_CASES, CASES } from '../../bench/workload/cases.mjs';
import { modelFiles, optFiles } from '../../bench/workload/random_models.mjs';
import { f16ToF32 } from '../../src/core/numbers/float16';
import { folderFiles } from '../../src/formats/models/model_files';
import type { Value } from '../../src/graph/value';
import { openSource } from '../../src/hub/open_source';
import { outlineOf } from '../../src/models/outline';
import { loadModel } from '../../src/worker/models/loading/model_loader';
import { FakeRunner } from '../helpers/session/fake_runner';

const USUAL = ['training', 'generation', 'adapters'];

test('options are read and checked', () => {
  expect(readBenchOptions([])).toEqual({
    name: 'tiny',
    length: 256,
    adapter: 'swiftshader',
    ranks: [64],
    parts: USUAL,
    tuned: false,
    arithmetic: 'f32',
    dtype: 'auto',
    compare: undefined,
    rounds: 5,
    peak: undefined,
    json: false,
  });
  expect(readBenchOptions(['--case', 'small'])).toMatchObject({ name: 'small', ranks: [64, 256] });
  const argv = '--case small --adapter llvmpipe --r 16 --only adapters --json'.split(' ');
  expect(readBenchOptions(argv)).toEqual({
    name: 'small',
    length: 256,
    adapter: 'llvmpipe',
    ranks: [16],
    parts: ['adapters'],
    tuned: false,
    arithmetic: 'f32',
    dtype: 'auto',
    rounds: 5,
    json: true,
  });
  expect(readBenchOptions(['--help'])).toBe('help');
  expect(() => readBenchOptions(['--case', 'huge'])).toThrow(
    /--case must be tiny or small or bundled or opt-125m or .*, not "huge"/,
  );
  expect(() => readBenchOptions(['--adapter', 'cuda'])).toThrow('--adapter must be swiftshader or llvmpipe or gpu');
  expect(() => readBenchOptions(['--r', '0'])).toThrow('--r must be');
  expect(() => readBenchOptions(['--only', 'gemm'])).toThrow(
    '--only must be training or generation or adapters or modes or preferences or kernels',
  );
  expect(readBenchOptions('--only preferences'.split(' '))).toMatchObject({ parts: ['preferences'] });
  expect(readBenchOptions(['--kernels'])).toMatchObject({ parts: [...USUAL, 'kernels'] });
  expect(readBenchOptions('--kernels --only kernels'.split(' '))).toMatchObject({ parts: ['kernels'] });
  const qwen = '--case qwen2.5-0.5b --length 512'.split(' ');
  expect(readBenchOptions(qwen)).toMatchObject({ length: 512, ranks: [256], parts: ['training'] });
  expect(readBenchOptions('--compare tfjs --case small --rounds 3'.split(' '))).toMatchObject({
    compare: 'tfjs',
    rounds: 3,
  });
  expect(readBenchOptions(['--arithmetic', 'f16'])).toMatchObject({ arithmetic: 'f16' });
  expect(() => readBenchOptions(['--arithmetic', 'f64'])).toThrow('--arithmetic must be f32 or f16');
  expect(() => readBenchOptions('--arithmetic f16 --compare jax'.split(' '))).toThrow('leave out --compare');
  expect(readBenchOptions('--only training --dtype q8'.split(' '))).toMatchObject({ dtype: 'q8' });
  expect(readBenchOptions('--case smollm2-135m --dtype q4'.split(' '))).toMatchObject({ dtype: 'q4' });
  expect(() => readBenchOptions(['--dtype', 'q8'])).toThrow('--dtype is for the training alone: add --only training');
  expect(() => readBenchOptions('--only training --dtype q2'.split(' '))).toThrow('--dtype must be auto or float32');
  expect(() => readBenchOptions('--only training --dtype q8 --compare jax'.split(' '))).toThrow('--dtype needs no');
  expect(() => readBenchOptions(['--compare', 'onnx'])).toThrow('--compare must be jax or tfjs, kinds');
  // Another build is given as a folder that contains a library for Node.
  const folder = mkdtempSync(join(tmpdir(), 'webvera-'));
  expect(() => readBenchOptions(['--compare', folder])).toThrow("a folder with a build's node.js");
  writeFileSync(join(folder, 'node.js'), '');
  expect(readBenchOptions(['--compare', folder])).toMatchObject({ compare: { build: folder } });
  rmSync(folder, { recursive: true });
  expect(() => readBenchOptions('--compare jax --case bundled'.split(' '))).toThrow('--case tiny or small');
  expect(readBenchOptions(['--peak', '3000,100'])).toMatchObject({
    parts: ['counts'],
    peak: { flopsPerSecond: 3e12, bytesPerSecond: 1e11 },
  });
  for (const peak of ['3000', '0,1', '1,2,3', 'x,1']) {
    expect(() => readBenchOptions(['--peak', peak])).toThrow('--peak must be GFLOP/s and GB/s');
  }
  expect(readBenchOptions(['--tuned'])).toMatchObject({ parts: USUAL, tuned: true });
  for (const other of ['--only generation', '--compare jax']) {
    expect(() => readBenchOptions(`--tuned ${other}`.split(' '))).toThrow('--tuned needs the training');
  }
  expect(() => readBenchOptions(['--length', '100'])).toThrow('--length must be 64 or 128');
});

test('--only host uses no device, so that options of devices are refused', () => {
  const host = (line: string) => readBenchOptions(`--only host ${line}`.trim().split(' '));
  expect(host('')).toMatchObject({ host: { name: 'tiny', length: 256, ranks: [64], json: false } });
  expect(host('--case small --r 8 --json')).toMatchObject({ host: { name: 'small', ranks: [8], json: true } });
  for (const other of [
    '--adapter gpu',
    '--compare jax',
    '--tuned',
    '--peak 1,1',
    '--rounds 2',
    '--dtype q8',
    '--arithmetic f16',
  ]) {
    expect(() => host(other)).toThrow('--only host computes nothing');
  }
});

test('an archive measures with Dawn only, on a GPU or on Mesa', () => {
  const packed = (line: string) => readBenchOptions(line.split(' '), true);
  expect(readBenchOptions([], true)).toMatchObject({ name: 'tiny', adapter: 'gpu' });
  expect(packed('--adapter llvmpipe --case small --compare tfjs')).toMatchObject({
    adapter: 'llvmpipe',
    compare: 'tfjs',
  });
  expect(() => packed('--adapter swiftshader')).toThrow('--adapter must be gpu or llvmpipe, not "swiftshader"');
  expect(() => packed('--only isa')).toThrow('not in this archive');
  expect(() => packed('--only host')).toThrow('not in this archive');
  expect(benchHelp(true)).toMatch(/--adapter NAME {3}gpu: .*never software.*\n.*llvmpipe/);
  expect(benchHelp(true)).not.toMatch(/swiftshader|Chromium|--isa/);
  for (const line of benchHelp(true).split('\n')) expect(line.length).toBeLessThanOrEqual(100);
});

const sha256 = async (blob: Blob | undefined): Promise<string> =>
  createHash('sha256')
    .update(new Uint8Array((await blob?.arrayBuffer()) ?? new ArrayBuffer(0)))
    .digest('hex');

test('the model of a case is complete, and the same at each call', async () => {
  const { shape, length } = CASES.tiny;
  const files = modelFiles(shape, length);
  expect(await sha256(modelFiles(shape, length).get('model.safetensors'))).toBe(
    await sha256(files.get('model.safetensors')),
  );
  const bytes = new Uint8Array((await files.get('model.safetensors')?.arrayBuffer()) ?? []);
  const header = Number(new DataView(bytes.buffer).getBigUint64(0, true));
  const tensors = Object.values(JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + header)))) as {
    readonly shape: readonly number[];
  }[];
  // The tensors are the embeddings, the last norm, and in each layer two norms, q and o, k and v, gate, up and down.
  const perLayer = 2 * 64 + 2 * 64 * 64 + 2 * 32 * 64 + 3 * 64 * 172;
  const values = tensors.reduce((sum, tensor) => sum + tensor.shape.reduce((product, size) => product * size, 1), 0);
  expect(values).toBe(512 * 64 + 64 + 5 * perLayer);
  expect(bytes.length).toBe(8 + header + 4 * values);
});

test.each(['opt-125m', 'smollm2-135m', 'qwen2.5-0.5b'] as const)('the model of %s loads', async (name) => {
  const { shape, targets, files } = ALL_CASES[name];
  // The small model has all tensors, but only about a thousandth of the parameters.
  const small = { ...shape, vocab_size: 64, intermediate_size: 32, hidden_size: 4 * shape.num_attention_heads };
  const make = name === 'opt-125m' ? optFiles : modelFiles;
  const sources = make(small, 64, { dtype: 'float16' });
  const values: Value[] = [];
  const runner = new FakeRunner();
  runner.write = (value?: Value) => void (value && values.push(value));
  const options = { dtype: 'auto', onUpload: () => {} } as const;
  const loaded = await loadModel(folderFiles(openSource({ files: sources })), runner, options);
  expect(outlineOf(loaded).attention.length).toBe(shape.num_hidden_layers);
  const modules = loaded.model.modules.map((module) => module.name.split('.').at(-1));
  expect(modules).toEqual(expect.arrayContaining([...targets]));
  expect(files).toBeTypeOf('function');
  expect(values.filter(({ dtype }) => dtype === 'f16').length).toBeGreaterThan(shape.num_hidden_layers);
});

test('random halves have the usual deviation', async () => {
  const files = modelFiles({ ...CASES.tiny.shape, num_hidden_layers: 1 }, 64, { dtype: 'float16' });
  const tensors = readSafetensors(await bytesOf(files.get('model.safetensors')));
  const embedded = tensors.get('model.embed_tokens.weight') ?? [];
  expect(embedded).toHaveLength(512 * 64);
  const mean = embedded.reduce((sum, value) => sum + value, 0) / embedded.length;
  expect(mean).toBeCloseTo(0, 3);
  const variance = embedded.reduce((sum, value) => sum + value * value, 0) / embedded.length;
  expect(Math.sqrt(variance)).toBeCloseTo(0.02, 3);
  expect(Math.max(...embedded)).toBeLessThan(0.0347);
  expect(new Set(tensors.get('model.norm.weight'))).toEqual(new Set([1]));
});

test('the stock of random halves is used in turn, and no two tensors begin alike', async () => {
  const vocab_size = 70_000;
  const shape = { ...CASES.tiny.shape, num_hidden_layers: 2, vocab_size };
  const tensors = readSafetensors(await bytesOf(modelFiles(shape, 64, { dtype: 'float16' }).get('model.safetensors')));
  const embedded = tensors.get('model.embed_tokens.weight') ?? [];
  expect(embedded).toHaveLength(64 * vocab_size);
  expect(embedded.slice(2 ** 22)).toEqual(embedded.slice(0, embedded.length - 2 ** 22));
  const [first, second] = [0, 1].map((layer) => tensors.get(`model.layers.${layer}.mlp.up_proj.weight`)?.slice(0, 8));
  expect(first).not.toEqual(second);
});

const bytesOf = async (blob: Blob | undefined): Promise<Uint8Array<ArrayBuffer>> =>
  new Uint8Array((await blob?.arrayBuffer()) ?? new ArrayBuffer(0));

function readSafetensors(bytes: Uint8Array<ArrayBuffer>): Map<string, number[]> {
  const end = 8 + Number(new DataView(bytes.buffer).getBigUint64(0, true));
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, end))) as Record<
    string,
    { readonly data_offsets: readonly [number, number] }
  >;
  return new Map(
    Object.entries(header).map(
      ([
        name,
        {
          data_offsets: [from, to],
        },
      ]) => {
        const halves = new Uint16Array(bytes.slice(end + from, end + to).buffer);
        return [name, [...f16ToF32(halves)]];
      },
    ),
  );
}
