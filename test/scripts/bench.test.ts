import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { readBenchOptions } from '../../scripts/lib/bench_options.mjs';
import { benchReport, benchTable } from '../../scripts/lib/bench_report.mjs';
import { CASES, modelFiles } from '../../scripts/lib/workload.mjs';

const BOTH = ['training', 'adapters'];

test('options', () => {
  expect(readBenchOptions([])).toEqual({ name: 'tiny', adapter: 'swiftshader', ranks: [64], parts: BOTH, json: false });
  expect(readBenchOptions(['--case', 'small'])).toMatchObject({ name: 'small', ranks: [64, 256] });
  const argv = '--case small --adapter llvmpipe --r 16 --only adapters --json'.split(' ');
  expect(readBenchOptions(argv)).toEqual({
    name: 'small',
    adapter: 'llvmpipe',
    ranks: [16],
    parts: ['adapters'],
    json: true,
  });
  expect(readBenchOptions(['--help'])).toBe('help');
  expect(() => readBenchOptions(['--case', 'huge'])).toThrow('--case must be tiny or small, not "huge"');
  expect(() => readBenchOptions(['--adapter', 'cuda'])).toThrow('--adapter must be swiftshader or llvmpipe or gpu');
  expect(() => readBenchOptions(['--r', '0'])).toThrow('--r must be');
  expect(() => readBenchOptions(['--only', 'gemm'])).toThrow('--only must be training or adapters, not "gemm"');
});

const sha256 = async (blob: Blob | undefined): Promise<string> =>
  createHash('sha256')
    .update(new Uint8Array((await blob?.arrayBuffer()) ?? new ArrayBuffer(0)))
    .digest('hex');

test('the model of a case is the same every time, and whole', async () => {
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
  // Embeddings, the last norm, and in each layer two norms, q and o, k and v, gate, up and down.
  const perLayer = 2 * 64 + 2 * 64 * 64 + 2 * 32 * 64 + 3 * 64 * 172;
  const values = tensors.reduce((sum, tensor) => sum + tensor.shape.reduce((product, size) => product * size, 1), 0);
  expect(values).toBe(512 * 64 + 64 + 5 * perLayer);
  expect(bytes.length).toBe(8 + header + 4 * values);
});

const run = { name: 'small', adapter: 'llvmpipe', engine: 'Dawn in Node 20' } as const;
const device = { vendor: '', architecture: '', description: 'llvmpipe', fallback: true };
const gemm = { variant: 'register', shape: { rows: 256, columns: 896, inner: 896 }, flopsPerSecond: 5e9, samples: 5 };
const training = (r: number, median: number) => ({
  r,
  trainable: 20_544,
  metrics: {
    step_seconds_median: median,
    step_seconds_min: 1.9,
    first_step_seconds: 3,
    dispatches_per_step: 359,
    submits_per_step: 12.5,
    flops_per_step: 5e9,
    gpu_bytes_now: 61_300_000,
    peak_gpu_bytes: 120_000_000,
  },
});

test('rates come from the median step, and shares from the best product', () => {
  const measurements = {
    trainings: [training(64, 2), training(256, 4)],
    gemm: { best: gemm, rates: [gemm], device },
    adapters: [],
    device,
  };
  const report = benchReport(run, measurements);
  expect(report.runs[0]).toMatchObject({
    ms_per_step: { median: 2000, min: 1900 },
    tokens_per_second: 128,
    flops_per_second: 2.5e9,
    share_of_best_gemm: 0.5,
    gpu_bytes: { now: 61_300_000, peak: 120_000_000 },
  });
  const table = benchTable(report);
  expect(table).toMatch(/^small on llvmpipe, Dawn in Node 20\n/);
  expect(table).toMatch(/\n {20,}r 64 {3,}r 256\n/);
  expect(table).toMatch(/\nms per step, median +2000\.0 +4000\.0\n/);
  expect(table).toMatch(/\nof the best GEMM +50 % +25 %\n/);
  expect(table).toMatch(/\nBest GEMM: 5\.00 GFLOP\/s \(register, 256×896×896\)$/);
  expect(JSON.parse(JSON.stringify(report))).toEqual(report);
});

test('adapters are compared as ratios, and trainings are left out where there are none', () => {
  const pass = (seconds: number, dispatches: number, flops: number) => ({ seconds, dispatches, flops });
  const change = { bytes: 0, first_bytes: 0, seconds: -0.0001, forward_seconds: 0.02 };
  const adapters = [64, 256].map((r) => ({
    r,
    adapters: 8,
    mixed: {
      rows: 8,
      tokens: 128,
      base: pass(0.1, 78, 6e8),
      single: pass(0.2, 98, 1.25e9),
      mixed: pass(0.25, 176, 1.26e9),
      ratios: { single_to_base: 2.01, mixed_to_base: 2.52, mixed_to_single: 1.26 },
    },
    switching: {
      tokens: 64,
      back_and_forth: change,
      around: { ...change, first_bytes: 25_088, seconds: 0.0116 },
      build: { seconds: 0.0087, dispatches: 98 },
      load: { file_bytes: 29_992, bytes: 20_960, seconds: 0.0022 },
    },
    device,
  }));
  const report = benchReport(run, { trainings: [], gemm: undefined, adapters, device });
  expect(report.runs).toEqual([]);
  expect(report).not.toHaveProperty('gemm');
  expect(report.adapters[0]?.mixed).toMatchObject({ base: { ms: 100 }, single: { dispatches: 98 } });
  expect(report.adapters[1]?.switching).toMatchObject({ load: { bytes: 20_960, ms: 2.2 }, around: { bytes: 0 } });
  const table = benchTable(report);
  expect(table).not.toMatch(/per step|GEMM|NaN|undefined/);
  expect(table).toMatch(/\nForward of 8 × 128 tokens +r 64 +r 256\n/);
  expect(table).toMatch(/ 100\.0 \| 200\.0 \| 250\.0 {3}100\.0/);
  expect(table).toMatch(/\ndispatches +78 \| 98 \| 176 /);
  expect(table).toMatch(/\nGFLOP +0\.60 \| 1\.25 \| 1\.26 /);
  expect(table).toMatch(/\none for each row to one adapter +1\.26 × +1\.26 ×\n/);
  expect(table).toMatch(/\n8 in turn, ms beyond it +11\.6 +11\.6\n/);
  expect(table).toMatch(/\nbytes sent by a switch +0 B +0 B\n/);
  expect(table).toMatch(/\nbytes sent for it +21\.0 kB +21\.0 kB$/);
  expect(JSON.parse(JSON.stringify(report))).toEqual(report);
});
