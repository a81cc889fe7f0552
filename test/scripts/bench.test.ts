import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { readBenchOptions } from '../../scripts/lib/bench_options.mjs';
import { benchReport, benchTable } from '../../scripts/lib/bench_report.mjs';
import { CASES, modelFiles } from '../../scripts/lib/workload.mjs';

test('options', () => {
  expect(readBenchOptions([])).toEqual({ name: 'tiny', adapter: 'swiftshader', ranks: [64], json: false });
  expect(readBenchOptions(['--case', 'small'])).toMatchObject({ name: 'small', ranks: [64, 256] });
  const argv = '--case small --adapter llvmpipe --r 16 --json'.split(' ');
  expect(readBenchOptions(argv)).toEqual({ name: 'small', adapter: 'llvmpipe', ranks: [16], json: true });
  expect(readBenchOptions(['--help'])).toBe('help');
  expect(() => readBenchOptions(['--case', 'huge'])).toThrow('--case must be tiny or small, not "huge"');
  expect(() => readBenchOptions(['--adapter', 'cuda'])).toThrow('--adapter must be swiftshader or llvmpipe or gpu');
  expect(() => readBenchOptions(['--r', '0'])).toThrow('--r must be');
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
