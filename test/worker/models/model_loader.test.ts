import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { BASE } from '../../../src/adapters/layers/overlay';
import { f32ToF16 } from '../../../src/core/numbers/float16';
import type { ProgressInfo } from '../../../src/core/types/source';
import { folderFiles } from '../../../src/formats/models/model_files';
import { byteSize } from '../../../src/formats/tensors/dtype';
import { type RawTensor, readSafetensors, writeSafetensors } from '../../../src/formats/tensors/safetensors';
import { toFloat32 } from '../../../src/formats/tensors/values';
import type { Value } from '../../../src/graph/value';
import { openSource } from '../../../src/hub/open_source';
import { fileNames } from '../../../src/models/architecture';
import type { LoadedModel } from '../../../src/models/loaded_model';
import { CausalLm } from '../../../src/tasks/causal_lm/causal_lm';
import { logitsProgram } from '../../../src/train/steps/loss_program';
import { loadModel } from '../../../src/worker/models/loading/model_loader';
import { FakeRunner } from '../../helpers/session/fake_runner';

const folder = 'test/golden/base/gpt2';
const config = readFileSync(`${folder}/config.json`);
const { tensors } = readSafetensors(new Uint8Array(readFileSync(`${folder}/model.safetensors`)));
/** In the file, this weight is stored as (in, out): 32 × 96. */
const FUSED = 'transformer.h.0.attn.c_attn.weight';
const fused = toFloat32(tensors.get(FUSED)!);
const [K, M] = [32, 96];
const EMBEDDING = 'transformer.wte.weight';
/** In the file, this weight is stored as (in, out): 128 × 32. */
const DOWN = 'transformer.h.0.mlp.c_proj.weight';

class Recorder extends FakeRunner {
  model!: LoadedModel;
  readonly written = new Map<string, ArrayBufferView>();
  readonly pieces: { readonly name: string; readonly data: ArrayBufferView; readonly offset: number }[] = [];
  override write(value?: Value, data?: ArrayBufferView, offset = 0): void {
    if (value === undefined || data === undefined) return;
    this.written.set(value.name, data);
    this.pieces.push({ name: value.name, data, offset });
  }
}

async function load(
  given: ReadonlyMap<string, RawTensor>,
  dtype: 'auto' | 'float16' = 'auto',
  maxBindingBytes = Number.POSITIVE_INFINITY,
  configuration: BlobPart = config,
): Promise<Recorder> {
  const runner = new Recorder();
  runner.maxBindingBytes = maxBindingBytes;
  const files = new Map([
    ['config.json', new Blob([configuration])],
    ['model.safetensors', new Blob([writeSafetensors(given)])],
  ]);
  const options = { dtype, onUpload: () => {} };
  runner.model = await loadModel(folderFiles(openSource({ files })), runner, options).catch((error: unknown) => {
    expect(runner.held.size).toBe(0);
    throw error;
  });
  return runner;
}

const half = ({ shape, ...tensor }: RawTensor): RawTensor => ({
  dtype: 'F16',
  shape,
  bytes: new Uint8Array(f32ToF16(toFloat32(tensor)).buffer),
});

test('a Conv1D’s weight lies (out, in) on the device', async () => {
  const runner = await load(tensors);
  const value = [...runner.held].find(({ name }) => name === FUSED);
  expect(value?.shape).toEqual([M, K]);
  const device = runner.written.get(FUSED) as Float32Array;
  expect(device.findIndex((element, at) => element !== fused[(at % K) * M + Math.floor(at / K)])).toBe(-1);
  expect(runner.written.get(DOWN)).toHaveLength(128 * 32);
});

test.each(['auto', 'float16'] as const)('a Conv1D’s float16 weight lies (out, in) on the device: %s', async (dtype) => {
  const stored = dtype === 'auto' ? new Map([...tensors].map(([name, tensor]) => [name, half(tensor)])) : tensors;
  const runner = await load(stored, dtype);
  expect([...runner.held].find(({ name }) => name === FUSED)).toMatchObject({ dtype: 'f16', shape: [M, K] });
  const halves = f32ToF16(fused);
  const device = runner.written.get(FUSED) as Uint16Array;
  expect(device).toHaveLength(M * K);
  expect(device.findIndex((element, at) => element !== halves[(at % K) * M + Math.floor(at / K)])).toBe(-1);
});

test('a weight that is (out, in) in the file is refused, by the file’s shape', async () => {
  const turned = new Map([...tensors, [FUSED, { ...tensors.get(FUSED)!, shape: [M, K] }]]);
  await expect(load(turned)).rejects.toMatchObject({
    code: 'invalid_format',
    message: `${FUSED}: expected (32, 96) by config.json, got (96, 32)`,
  });
});

test.each(['F4', 'F6_E2M3', 'F8_E4M3', 'I8'] as const)('a weight of %s is refused before it is read', async (dtype) => {
  const shape = tensors.get(FUSED)!.shape;
  const bytes = new Uint8Array(byteSize(dtype, shape)!);
  await expect(load(new Map([...tensors, [FUSED, { dtype, shape, bytes }]]))).rejects.toMatchObject({
    code: 'invalid_format',
    message: `${FUSED}: expected numbers of F32, F16, BF16 or F64, got ${dtype}`,
    hint: expect.stringContaining('float16 or float32 files'),
  });
  // A tensor that the model doesn't use may have any data type.
  await load(new Map([...tensors, ['position_ids', { dtype, shape, bytes }]]));
});

test.each(['auto', 'float16'] as const)(
  "a matrix that is too large to bind has shards, one of (in, out) hasn't: %s",
  async (dtype) => {
    const embedding = toFloat32(tensors.get(EMBEDDING)!);
    const bytes = dtype === 'auto' ? 4 : 2;
    const runner = await load(tensors, dtype, 64 * K * bytes);
    const split = [...runner.held].filter(({ shards }) => shards !== undefined);
    expect(split).toMatchObject([{ name: EMBEDDING, shape: [96, K], dtype: dtype === 'auto' ? 'f32' : 'f16' }]);
    const written = split[0]!.shards!.map(({ value }) => runner.written.get(value.name));
    const elements = dtype === 'auto' ? embedding : f32ToF16(embedding);
    expect(written).toEqual([elements.slice(0, 64 * K), elements.slice(64 * K)]);
    expect([...runner.written.keys()]).not.toContain(EMBEDDING);
  },
);

test('names without the model’s prefix are the same tensors', async () => {
  const bare = new Map([...tensors].map(([name, tensor]) => [name.replace('transformer.', ''), tensor]));
  const [full, short] = [await load(tensors), await load(bare)];
  expect(short.written).toEqual(full.written);
});

test('a tensor under both names is refused', async () => {
  const twice = new Map([...tensors, ['ln_f.bias', tensors.get('transformer.ln_f.bias')!]]);
  await expect(load(twice)).rejects.toMatchObject({ code: 'invalid_format' });
});

test("kernels of a forward pass are requested before the first weight is read, for the weights' storage", async () => {
  const kernelsOf = ({ prepared }: Recorder) => new Set(prepared.map(({ kernel }) => kernel));
  const [full, halved] = [await load(tensors), await load(tensors, 'float16')];
  const { program } = logitsProgram(new CausalLm(full.model.model), full.model, BASE, { B: 2, T: 128 });
  expect(kernelsOf(full)).toEqual(new Set(program.steps.map(({ kernel }) => kernel)));
  expect(kernelsOf(halved)).not.toEqual(kernelsOf(full));
  const smaller = logitsProgram(new CausalLm(halved.model.model), halved.model, BASE, { B: 2, T: 128 });
  expect(kernelsOf(halved)).toEqual(new Set(smaller.program.steps.map(({ kernel }) => kernel)));
});

test.each([Number.POSITIVE_INFINITY, 2 ** 24])(
  'a large matrix is written in parts of some rows, with bindings of %s bytes',
  async (maxBindingBytes) => {
    const vocabulary = 140_000;
    const numbers = Float32Array.from({ length: vocabulary * K }, (_, index) => index % 8191);
    const embedding: RawTensor = { dtype: 'F32', shape: [vocabulary, K], bytes: new Uint8Array(numbers.buffer) };
    const larger = JSON.stringify({ ...JSON.parse(config.toString()), vocab_size: vocabulary });
    const given = new Map([...tensors, [EMBEDDING, embedding]]);
    const { pieces } = await load(given, 'auto', maxBindingBytes, larger);
    const slices = pieces.filter(({ name }) => name.startsWith(EMBEDDING));
    expect(slices.length).toBe(2);
    const sizes = slices.map(({ data }) => data.byteLength);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(2 ** 24);
    expect(slices.map(({ offset }) => offset)).toEqual([0, maxBindingBytes > 2 ** 24 ? sizes[0] : 0]);
    const uploaded = Buffer.concat(slices.map(({ data }) => new Uint8Array(data.buffer)));
    expect(Buffer.compare(uploaded, new Uint8Array(numbers.buffer))).toBe(0);
  },
);

test('uploading and compiling are reported in percent', async () => {
  const told: Record<'upload' | 'compile', number[]> = { upload: [], compile: [] };
  const files = new Map([
    ['config.json', new Blob([config])],
    ['model.safetensors', new Blob([writeSafetensors(tensors)])],
  ]);
  await loadModel(folderFiles(openSource({ files })), new FakeRunner(), {
    dtype: 'auto',
    onUpload: (progress) => told.upload.push(progress),
    onCompile: (progress) => told.compile.push(progress),
  });
  expect(told.compile).toEqual([50, 100]);
  expect(told.upload.at(-1)).toBe(100);
  expect(told.upload).toEqual([...told.upload].sort((a, b) => a - b));
});

test('a head that the weights hold beside its embedding is compared while the files are read, once', async () => {
  const HEAD = 'lm_head.weight';
  const embedding = tensors.get(EMBEDDING)!;
  const own = { ...embedding, bytes: embedding.bytes.map((byte) => byte ^ 1) };
  const others = new Map([...tensors].filter(([name]) => name !== EMBEDDING));
  const tied = { heads: 0, warned: [] };
  const untied = { heads: 1, warned: ['head_not_tied'] };
  for (const { shards, stored, heads, warned } of [
    { shards: [new Map([[HEAD, embedding]]), tensors], stored: HEAD, ...tied },
    { shards: [tensors, new Map([[HEAD, embedding]])], stored: EMBEDDING, ...tied },
    { shards: [new Map([[HEAD, embedding]]), others], stored: HEAD, ...tied },
    { shards: [new Map([[HEAD, own]]), tensors], stored: EMBEDDING, ...untied },
    { shards: [tensors, new Map([[HEAD, own]])], stored: EMBEDDING, ...untied },
  ]) {
    const weight_map = Object.fromEntries(
      shards.flatMap((shard, at) => [...shard.keys()].map((name) => [name, `${at}.safetensors`])),
    );
    const files = new Map([
      ['config.json', new Blob([config])],
      ['model.safetensors.index.json', new Blob([JSON.stringify({ weight_map })])],
      ...shards.map((shard, at) => [`${at}.safetensors`, new Blob([writeSafetensors(shard)])] as const),
    ]);
    const begun: string[] = [];
    const codes: string[] = [];
    const progress_callback = (info: ProgressInfo): void => {
      if (info.status === 'initiate') begun.push(info.file);
    };
    const runner = new Recorder();
    const { weights, constants, model } = await loadModel(
      folderFiles(openSource({ files }, { progress_callback })),
      runner,
      {
        dtype: 'auto',
        onUpload: () => {},
        warn: ({ code }) => codes.push(code),
      },
    );
    expect(begun).toEqual([...files.keys()]);
    expect(codes).toEqual(warned);
    expect([...weights.keys()].sort()).toEqual([...tensors.keys(), ...(heads === 0 ? [] : [HEAD])].sort());
    expect(new Set(runner.held)).toEqual(new Set([...weights.values(), ...constants.values()]));
    expect(weights.get(EMBEDDING)?.name).toBe(stored);
    expect(runner.written.get(stored)).toEqual(toFloat32(embedding));
    if (heads > 0) expect(runner.written.get(HEAD)).toEqual(toFloat32(own));
    expect(model.tied.size).toBe(1 - heads);
  }
});

test('shards may lack listed tensors that the model doesn’t use, and have unlisted ones that it does', async () => {
  const loadShard = (shard: ReadonlyMap<string, RawTensor>, listed: readonly string[]) => {
    const weight_map = Object.fromEntries(listed.map((name) => [name, '0.safetensors']));
    const files = new Map([
      ['config.json', new Blob([config])],
      ['model.safetensors.index.json', new Blob([JSON.stringify({ weight_map })])],
      ['0.safetensors', new Blob([writeSafetensors(shard)])],
    ]);
    return loadModel(folderFiles(openSource({ files })), new Recorder(), { dtype: 'auto', onUpload: () => {} });
  };
  const { weights } = await loadShard(tensors, [EMBEDDING, 'transformer.h.0.attn.masked_bias']);
  expect([...weights.keys()].sort()).toEqual([...tensors.keys()].sort());
  const others = new Map([...tensors].filter(([name]) => name !== DOWN));
  await expect(loadShard(others, [...tensors.keys()])).rejects.toMatchObject({
    code: 'invalid_format',
    message: expect.stringContaining(DOWN),
    hint: expect.stringContaining('belong together'),
  });
});

test('a GPT-NeoX’s tied head with values of its own keeps them and its name in files', async () => {
  const base = 'test/golden/base/gpt-neox';
  const untied = JSON.parse(readFileSync(`${base}/config.json`, 'utf8'));
  const configuration = JSON.stringify({ ...untied, tie_word_embeddings: true });
  const { tensors } = readSafetensors(new Uint8Array(readFileSync(`${base}/model.safetensors`)));
  const { written, model } = await load(tensors, 'auto', Number.POSITIVE_INFINITY, configuration);
  expect(written.get('lm_head.weight')).toEqual(toFloat32(tensors.get('embed_out.weight')!));
  expect(model.model.tied.size).toBe(0);
  expect(fileNames(model.model.weights.at(-1)!)[0]).toBe('embed_out.weight');
});

test('a tied head of another shape is refused', async () => {
  const shape = [tensors.get(EMBEDDING)!.shape[0]! / 2, K * 2];
  const given = new Map([...tensors, ['lm_head.weight', { ...tensors.get(EMBEDDING)!, shape }]]);
  await expect(load(given)).rejects.toMatchObject({
    code: 'invalid_format',
    message: expect.stringMatching(/^lm_head.weight: expected \(96, 32\) by config.json/),
  });
});
