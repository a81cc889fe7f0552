import { expect, test } from 'vitest';
import {
  countStep,
  measureAdapters,
  measureDecode,
  measureGemm,
  measureKernels,
  measureModes,
  measurePeak,
  measurePreferences,
} from '../../bench/index';
import { CASES } from '../../bench/workload/cases.mjs';
import { modelFiles } from '../../bench/workload/random_models.mjs';
import { testInAll } from '../helpers/ring';
import { sessionGpu } from '../helpers/session/session_gpu';

const quick = { sampleSeconds: 0.002, samples: 3 };

testInAll('measures each family of tiles at each shape, and reports the best', async () => {
  const shared = sessionGpu();
  const shapes = [
    { rows: 64, columns: 96, inner: 32 },
    { rows: 2, columns: 64, inner: 30 },
  ];
  const { best, rates, device } = await measureGemm(shared.gpu, { ...quick, shapes });
  const found = rates.map(({ variant, shape }) => `${variant} ${shape.rows}×${shape.columns}×${shape.inner}`);
  for (const variant of ['register', 'workgroup', 'subgroup']) {
    expect(found).toContain(`${variant} 64×96×32`);
    expect(found).toContain(`${variant} 2×64×30`);
  }
  expect(found).toContain('row 2×64×30');
  expect(found).not.toContain('row 64×96×32');
  expect(new Set(found).size).toBe(found.length);

  for (const { flopsPerSecond } of rates) expect(flopsPerSecond).toBeGreaterThan(1e5);
  const finalists = rates.filter(({ samples }) => samples === 3);
  expect(finalists).toHaveLength(3);
  expect(rates.filter(({ samples }) => samples === 1)).toHaveLength(rates.length - 3);
  expect(best.flopsPerSecond).toBe(Math.max(...finalists.map(({ flopsPerSecond }) => flopsPerSecond)));
  expect(device.description).toMatch(/\w/);
  expect(shared.liveBytes()).toBe(0);
});

testInAll('leaves out variants that need features which the device lacks', async () => {
  const { gpu } = sessionGpu();
  const adapter = await gpu.requestAdapter();
  const plain = { ...adapter, features: new Set() };
  const without = { requestAdapter: async () => plain } as unknown as GPU;
  const shapes = [{ rows: 64, columns: 96, inner: 32 }];
  const { rates, device } = await measureGemm(without, { ...quick, shapes });
  expect(device.features).toEqual([]);
  expect(rates.map(({ variant }) => variant)).toContain('workgroup');
  expect(rates.map(({ variant }) => variant)).not.toContain('subgroup');
});

test('rejects an empty list of shapes, and a missing GPU', async () => {
  const shared = sessionGpu();
  await expect(measureGemm(shared.gpu, { ...quick, shapes: [] })).rejects.toMatchObject({ code: 'invalid_argument' });
  expect(shared.liveBytes()).toBe(0);
  await expect(measureGemm(undefined)).rejects.toMatchObject({ code: 'unsupported_device' });
});

const kernelOptions = {
  files: modelFiles(
    {
      hidden_size: 32,
      intermediate_size: 48,
      num_hidden_layers: 2,
      num_attention_heads: 2,
      num_key_value_heads: 1,
      vocab_size: 48,
    },
    64,
  ),
  r: 4,
  target_modules: ['q_proj', 'down_proj'],
  batch: 2,
  tokens: 64,
  rounds: 3,
  sampleSeconds: 0.001,
};

test('measures each kernel of a training step, and the time outside kernels', async () => {
  const shared = sessionGpu();
  const progress: number[] = [];
  const onProgress = (done: number, total: number): unknown => progress.push(done / total);
  const options = { ...kernelOptions, onProgress };
  const { step, product, memory, kernels, outside, device } = await measureKernels(shared.gpu, options);
  expect(product).toBeUndefined();
  expect(kernels.reduce((sum, { dispatches }) => sum + dispatches, 0)).toBe(step.dispatches);
  expect(kernels.reduce((sum, { flops }) => sum + flops, 0)).toBeCloseTo(step.flops, 0);
  expect(kernels.reduce((sum, { bytes }) => sum + bytes, 0)).toBe(step.bytes);
  // The weights are the embedding; in each layer two norms, q and o, k and v, gate, up and down; and the last norm.
  expect(memory.weightBytes).toBe(4 * (48 * 32 + 2 * (2 * 32 + 2 * 32 * 32 + 2 * 32 * 16 + 3 * 32 * 48) + 32));
  expect(memory.peakBytes).toBeGreaterThan(memory.weightBytes);
  expect(step.bytes).toBeGreaterThan(memory.weightBytes);
  const inKernels = kernels.reduce((sum, { seconds }) => sum + seconds, 0);
  expect(inKernels + outside.seconds).toBeCloseTo(step.seconds, 9);
  expect(kernels.reduce((sum, { share }) => sum + share, outside.share)).toBeCloseTo(1, 6);
  for (const { seconds, dispatches } of kernels) expect(seconds / dispatches).toBeGreaterThan(1e-8);
  expect(kernels.map(({ seconds }) => seconds)).toEqual(kernels.map(({ seconds }) => seconds).sort((a, b) => b - a));

  const names = kernels.map(({ kernel }) => kernel);
  expect(names).toEqual(expect.arrayContaining(['attention', 'attention_backward', 'cross_entropy', 'adamw']));
  // The head's matrix product: 2 · 64 positions, a vocabulary of 48 tokens, and vectors of length 32.
  const head = kernels.find(({ kernel, sizes }) => kernel === 'linear' && `${sizes}` === '128,48,32');
  expect(head?.flopsPerSecond).toBeCloseTo((head?.flops ?? 0) / (head?.seconds ?? 1));
  expect(progress).toEqual(Array.from(progress, (_, index) => (index + 1) / progress.length));
  expect(device.description).toMatch(/\w/);
  expect(shared.liveBytes()).toBe(0);
});

test('measures a product in turns with a step, which is no part of the step', async () => {
  const shared = sessionGpu();
  const shape = { rows: 64, columns: 96, inner: 128 };
  const { step, product, memory, kernels } = await measureKernels(shared.gpu, {
    ...kernelOptions,
    product: { variant: 'register', shape },
  });
  expect(product).toMatchObject({ kernel: 'linear', variant: 'register', sizes: [64, 96, 128], dispatches: 1 });
  expect(product?.flops).toBe(2 * 64 * 96 * 128);
  expect(product?.flopsPerSecond).toBeGreaterThan(1e5);
  expect(kernels.reduce((sum, { dispatches }) => sum + dispatches, 0)).toBe(step.dispatches);
  expect(kernels.filter(({ kernel, variant }) => kernel === 'linear' && variant === 'register')).toEqual([]);
  const counted = await countStep(sessionGpu().gpu, kernelOptions);
  expect(memory).toEqual(counted.memory);
  expect(shared.liveBytes()).toBe(0);
});

test('reports the variant of a product that ran, if the device lacks the requested one', async () => {
  const asked = { variant: 'workgroup', shape: { rows: 2, columns: 64, inner: 32 } };
  const { product } = await measureKernels(sessionGpu().gpu, { ...kernelOptions, product: asked });
  expect(product?.variant).toBe('row_serial');
});

test('counts the work of a step without running it', async () => {
  const { step, memory } = await measureKernels(sessionGpu().gpu, kernelOptions);
  const shared = sessionGpu();
  const { seconds: _, unmerged_flops, ...counted } = step;
  const { memory: needed, ...counts } = await countStep(shared.gpu, kernelOptions);
  const unmerged = await countStep(sessionGpu().gpu, { ...kernelOptions, modes: 'unmerged' });
  expect(unmerged_flops).toBe(unmerged.flops);
  expect(unmerged_flops).not.toBe(counts.flops);
  expect(counts).toMatchObject({ r: 4, ...counted });
  expect(needed.weightBytes).toBe(memory.weightBytes);
  expect(shared.calls('dispatchWorkgroups')).toBe(0);
  expect(shared.liveBytes()).toBe(0);
});

test('measuring kernels ends when it is aborted, and frees its memory', async () => {
  const shared = sessionGpu();
  const abort = new AbortController();
  const onProgress = (done: number): void => {
    if (done === 5) abort.abort(new Error('enough'));
  };
  const options = { ...kernelOptions, onProgress, signal: abort.signal };
  await expect(measureKernels(shared.gpu, options)).rejects.toThrow('enough');
  expect(shared.liveBytes()).toBe(0);
  await expect(measureKernels(shared.gpu, options)).rejects.toThrow('enough');
  await expect(measureKernels(undefined, kernelOptions)).rejects.toMatchObject({ code: 'unsupported_device' });
});

test('measures each kernel of a token, a dispatch that reads, and one that does nothing', async () => {
  const shared = sessionGpu();
  const { files } = kernelOptions;
  const progress: number[] = [];
  const report = await measureDecode(shared.gpu, {
    files,
    position: 24,
    longest: 32,
    tokenSeconds: 0.5,
    rounds: 3,
    sampleSeconds: 0.001,
    onProgress: (done, total) => progress.push(done / total),
  });
  const { kernels, dispatches, reading, dispatchSeconds } = report;
  // Embedding, norm, head and sampling have one dispatch each. Each layer has two norms, attention, and four dispatches of matrix products.
  expect(dispatches).toBe(4 + 2 * 7);
  expect(kernels.reduce((sum, kernel) => sum + kernel.dispatches, 0)).toBe(dispatches);
  for (const { seconds, share } of kernels) expect(seconds / share).toBeCloseTo(0.5);
  const dispatchesOf = (name: string): number =>
    kernels.reduce((sum, { kernel, dispatches: own }) => sum + (kernel === name ? own : 0), 0);
  // Matrix products: in each layer, o and down have a dispatch each, q, k and v share one, and gate and up share one. The head has one.
  expect(dispatchesOf('linear')).toBe(2 * 2 + 1);
  expect(dispatchesOf('linears')).toBe(2);
  expect(dispatchesOf('swiglu_linears')).toBe(2);
  expect(kernels.map(({ kernel }) => kernel)).toEqual(expect.arrayContaining(['rope_attention_decode', 'sample']));
  expect(kernels.map(({ kernel }) => kernel)).not.toContain('fill');
  // The head reads all embeddings, and the embedding lookup reads one row again.
  const layer = 2 * 32 + 32 * (32 + 16 + 16 + 32) + 3 * 32 * 48;
  expect(report.weightBytes).toBe(4 * (48 * 32 + 32 + 32 + 2 * layer));
  // The measurement reads as many bytes as the weights have, from a matrix with rows of 128 bytes. It reads only whole rows.
  expect(reading.bytes).toBe(128 * Math.floor(report.weightBytes / 128));
  for (const seconds of [report.seconds, reading.seconds, dispatchSeconds]) expect(seconds).toBeGreaterThan(1e-8);
  expect(progress).toEqual(Array.from(progress, (_, index) => (index + 1) / progress.length));
  expect(report.device.description).toMatch(/\w/);
  expect(shared.liveBytes()).toBe(0);
});

test('frees its memory if a model can’t be loaded', async () => {
  const shared = sessionGpu();
  const options = { files: new Map<string, Blob>(), r: 4, target_modules: ['q_proj'], tokens: 16 };
  await expect(measureAdapters(shared.gpu, options)).rejects.toMatchObject({ code: 'not_found' });
  const token = { files: options.files, position: 8, longest: 16, tokenSeconds: 1 };
  await expect(measureDecode(shared.gpu, token)).rejects.toMatchObject({ code: 'not_found' });
  expect(shared.liveBytes()).toBe(0);
});

testInAll('takes a training step in each mode of its layers, and without VeRA', async () => {
  const shared = sessionGpu();
  const progress: number[] = [];
  const { bare, modes, r } = await measureModes(shared.gpu, {
    files: modelFiles({ ...CASES.tiny.shape, num_hidden_layers: 2 }, 64),
    r: 16,
    target_modules: ['q_proj', 'v_proj', 'down_proj'],
    batch: 1,
    tokens: 64,
    rounds: 2,
    onProgress: (done, total) => progress.push(done / total),
  });
  expect(r).toBe(16);
  expect(modes.map(({ mode }) => mode)).toEqual(['cheapest', 'unmerged', 'saved', 'merged', 'dense']);
  for (const one of modes) {
    expect(one.seconds).toBeGreaterThan(0);
    expect(one.flops).toBeGreaterThan(bare.flops);
    expect(one.to_bare_by_flops).toBeCloseTo((one.to_bare * bare.flops) / one.flops, 9);
  }
  expect(modes[1]).toMatchObject({ mode: 'unmerged', to_unmerged: 1 });
  expect(progress.at(-1)).toBe(1);
  expect(shared.liveBytes()).toBe(0);
});

test('takes the steps that learn from preferences in turns with one that learns texts', async () => {
  const shared = sessionGpu();
  const progress: number[] = [];
  const { steps, pairs, tokens } = await measurePreferences(shared.gpu, {
    ...kernelOptions,
    rounds: 1,
    onProgress: (done, total) => progress.push(done / total),
  });
  expect({ pairs, tokens }).toEqual({ pairs: 2, tokens: 64 });
  expect(steps.map(({ name }) => name)).toEqual(['texts', 'pairs', 'ratings', 'reference']);
  const [texts, dpo, kto, reference] = steps;
  const counted = await countStep(sessionGpu().gpu, { ...kernelOptions, batch: 4 });
  expect(texts).toMatchObject({ flops: counted.flops, bytes: counted.bytes, dispatches: counted.dispatches });
  expect(texts?.to_texts).toEqual({ seconds: 1, flops: 1, bytes: 1 });
  // Compared with a step of texts, a step of pairs has one more pass over the head: 48 tokens for each of 4 · 64 positions.
  const head = 2 * 4 * 64 * 48 * 32;
  expect((dpo?.flops ?? 0) - counted.flops).toBeGreaterThan(0.9 * head);
  expect((dpo?.flops ?? 0) - counted.flops).toBeLessThan(1.5 * head);
  // A step of pairs and its reference pass, which a run needs only once, together take less than 2.4 times the work of a step of texts.
  expect((dpo?.to_texts.flops ?? 9) + (reference?.to_texts.flops ?? 9)).toBeLessThan(2.4);
  expect((dpo?.to_texts.bytes ?? 9) + (reference?.to_texts.bytes ?? 9)).toBeLessThan(2.4);
  // A step of ratings computes a second text for each rating.
  expect(kto?.to_texts.flops).toBeGreaterThan((dpo?.to_texts.flops ?? 9) + 0.5);
  for (const { seconds, dispatches } of steps) expect(seconds / dispatches).toBeGreaterThan(1e-8);
  expect(progress).toEqual(Array.from({ length: 8 }, (_, index) => (index + 1) / 8));
  expect(shared.liveBytes()).toBe(0);
});

testInAll('measures what the device can do at best', async () => {
  const shared = sessionGpu();
  const progress: number[] = [];
  const { flopsPerSecond, bytesPerSecond, device } = await measurePeak(shared.gpu, {
    ...quick,
    copyBytes: 2 ** 22,
    onProgress: (done, total) => progress.push(done / total),
  });
  // The peak is measured by a chain of multiply-adds that reads no operands, so it is faster than a matrix product. Only half of the
  // product's rate is required, because other load on this machine may slow down either measurement.
  const shapes = [{ rows: 128, columns: 128, inner: 128 }];
  const { best } = await measureGemm(sessionGpu().gpu, { ...quick, shapes });
  expect(flopsPerSecond).toBeGreaterThan(best.flopsPerSecond / 2);
  expect(bytesPerSecond).toBeGreaterThan(1e8);
  expect(bytesPerSecond).toBeLessThan(1e12);
  expect(progress).toEqual([1, 2, 3, 4, 5, 6].map((done) => done / 6));
  expect(device.description).toMatch(/\w/);
  expect(shared.liveBytes()).toBe(0);
});

test('measuring the peak ends when it is aborted', async () => {
  const shared = sessionGpu();
  const abort = new AbortController();
  const onProgress = (): void => abort.abort(new Error('enough'));
  await expect(
    measurePeak(shared.gpu, { ...quick, copyBytes: 2 ** 22, onProgress, signal: abort.signal }),
  ).rejects.toThrow('enough');
  expect(shared.liveBytes()).toBe(0);
  await expect(measurePeak(undefined)).rejects.toMatchObject({ code: 'unsupported_device' });
});
