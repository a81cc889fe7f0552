import { expect, test } from 'vitest';
import { ISA_SHARES } from '../../bench/isa/instruction_shares.mjs';
import { benchReport, benchTable, NOTHING_MEASURED } from '../../bench/report/bench_report.mjs';
import { KERNEL_GEMM } from '../../bench/workload/kernel_work.mjs';

const run = { name: 'small', length: 256, adapter: 'llvmpipe', engine: 'Dawn in Node 20' } as const;
const device = { vendor: '', architecture: '', description: 'llvmpipe', fallback: true, features: [] };
const gemm = { variant: 'register', shape: { rows: 256, columns: 896, inner: 896 }, flopsPerSecond: 5e9, samples: 5 };
const nothing = { ...NOTHING_MEASURED, version: '1.2.3' };
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
    ...nothing,
    trainings: [training(64, 2), training(256, 4)],
    tuned: undefined,
    gemm: { best: gemm, rates: [gemm], device },
    device,
  };
  const report = benchReport(run, measurements);
  expect(report.webvera).toBe('1.2.3');
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
  expect(report).not.toHaveProperty('tuned');

  const packed = benchTable(benchReport({ ...run, arithmetic: 'f16', dtype: 'q8' }, measurements));
  expect(packed).toMatch(/^small on llvmpipe, Dawn in Node 20, products in f16, weights in q8\n/);

  const adapter = { ...device, limits: {} };
  const choice = { version: 'v', adapter, variants: { linear: 'wide', attention: 'serial' } };
  const tuned = benchReport(run, { ...measurements, tuned: choice });
  expect(tuned.tuned).toEqual(choice.variants);
  expect(benchTable(tuned)).toMatch(/\n\nTuned: linear wide, attention serial\n\n/);
});

test('adapters are compared by ratios, and trainings are left out if there are none', () => {
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
    together: {
      rows: 8,
      tokens: 128,
      single: pass(0.3, 217, 2e9),
      together: pass(0.33, 390, 2.2e9),
      together_to_single: 1.11,
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
  const report = benchReport(run, { ...nothing, adapters, device });
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
  expect(table).toMatch(/\nTraining step of 8 × 128 tokens +r 64 +r 256\n/);
  expect(table).toMatch(/ 300\.0 \| 330\.0 +300\.0/);
  expect(table).toMatch(/\none for each row to one adapter +1\.11 × +1\.11 ×\n/);
  expect(table).toMatch(/\n8 in turn, ms beyond it +11\.6 +11\.6\n/);
  expect(table).toMatch(/\nbytes sent by a switch +0 B +0 B\n/);
  expect(table).toMatch(/\nbytes sent for it +21\.0 kB +21\.0 kB$/);
  expect(JSON.parse(JSON.stringify(report))).toEqual(report);
});

test('steps that learn from preferences are compared with one that learns texts', () => {
  const step = (name: 'texts' | 'pairs' | 'ratings' | 'reference', times: number) => ({
    name,
    seconds: 0.4 * times,
    dispatches: 100 * times,
    flops: 5e9 * times,
    bytes: 3e8 * times,
    to_texts: { seconds: times, flops: times, bytes: times },
  });
  const steps = [step('texts', 1), step('pairs', 1.25), step('ratings', 2), step('reference', 0.5)];
  const report = benchReport(run, {
    ...nothing,
    preferences: [{ r: 64, pairs: 2, tokens: 128, steps, device }],
    device,
  });
  expect(report.preferences?.[0]?.steps[1]).toMatchObject({ name: 'pairs', ms: 500, dispatches: 125 });
  const table = benchTable(report);
  expect(table).toMatch(/\n4 texts of 128 tokens at r 64 +ms +GFLOP +bytes +dispatches +time +GFLOP +bytes to texts\n/);
  expect(table).toMatch(/\npairs, by DPOTrainer +500\.0 +6\.25 +375 MB +125 +1\.25 × +1\.25 × +1\.25 ×\n/);
  expect(table).toMatch(/\nonce for each pair: the reference +200\.0 /);
  expect(JSON.parse(JSON.stringify(report))).toEqual(report);
});

test('kernels have shares of the step and of the product that they are compared with', () => {
  const times = { mixed: false, dispatches: 30, seconds: 0.06, share: 0.6 };
  const kernel = { ...times, bytes: 3e6, flops: 6e7, flopsPerSecond: 1e9 };
  const kernels = [
    {
      r: 64,
      step: { seconds: 0.1, dispatches: 331, flops: 1e8, unmerged_flops: 1.5e8, bytes: 2e7 },
      product: {
        ...kernel,
        kernel: 'linear',
        variant: 'register',
        sizes: [1024, 768, 768],
        dispatches: 1,
        seconds: 0.2,
        flopsPerSecond: 5e9,
      },
      memory: { weightBytes: 1e6, peakBytes: 3e6 },
      kernels: [
        { ...kernel, kernel: 'linear', variant: 'wide', sizes: [1024, 64, 172], mixed: true },
        {
          ...kernel,
          kernel: 'copy',
          variant: 'default',
          sizes: [64],
          seconds: 0.03,
          share: 0.3,
          flops: 0,
          flopsPerSecond: 0,
        },
      ],
      outside: { seconds: 0.01, share: 0.1 },
      device,
    },
  ];
  // `kernelGemm` has the fastest matrix product of any shape. The step is compared with `product`, which is measured in turns with it.
  const kernelGemm = { best: { ...gemm, flopsPerSecond: 6e9, shape: KERNEL_GEMM }, rates: [], device };
  const peak = { flopsPerSecond: 1e10, bytesPerSecond: 4e9, device };
  const report = benchReport(run, { ...nothing, kernels, kernelGemm, peak, device });
  expect(report.kernels?.[0]?.kernels[0]).toMatchObject({
    kernel: 'linear',
    ms: 60,
    share_of_best_gemm: 0.2,
    share_of_peak: 0.1,
  });
  expect(report.kernels?.[0]).toMatchObject({
    tokens_per_second: 2560,
    flops_per_second: 1e9,
    share_of_best_gemm: 0.2,
    share_of_peak: 0.1,
    unmerged: { flops: 1.5e8, flops_per_second: 1.5e9, share_of_best_gemm: 0.3, share_of_peak: 0.15 },
    weight_bytes: 1e6,
    gpu_bytes: { peak: 3e6 },
    roofline: { arithmetic_ms: 10, bytes_ms: 5 },
  });
  expect(report.peak).toEqual({ flops_per_second: 1e10, bytes_per_second: 4e9 });
  const table = benchTable(report);
  expect(table).toMatch(/\nKernels at r 64, each alone +times +share +ms +GFLOP\/s +of the GEMM +of the peak\n/);
  expect(table).toMatch(/\nlinear\/wide ≤ 1024×64×172 +30 +60\.0 % +60\.00 +1\.00 +20\.0 % +10\.0 %\n/);
  expect(table).toMatch(/\ncopy 64 +30 +30\.0 % +30\.00\n/);
  expect(table).toMatch(/\nnot in kernels +10\.0 % +10\.00\nthe step itself +331 +100\.00 +1\.00 +20\.0 % +10\.0 %\n/);
  expect(table).toMatch(/\ncounted unmerged +1\.50 +30\.0 % +15\.0 %\n/);
  expect(table).toMatch(/\nAt the peak its 0\.10 GFLOP take 10\.00 ms, and its 20\.0 MB 5\.00 ms\n/);
  expect(table).toMatch(/\nbeside: linear\/register 1024×768×768 +200\.00 +5\.00 +100\.0 % +50\.0 %\n/);
  expect(table).toMatch(/\nThe peak: 10\.00 GFLOP\/s of multiply-adds in registers; 4\.00 GB\/s in a copy$/);
  for (const line of table.split('\n')) expect(line.length).toBeLessThanOrEqual(100);
  expect(JSON.parse(JSON.stringify(report))).toEqual(report);

  const onGpu = benchReport({ ...run, adapter: 'gpu' }, { ...nothing, kernels, kernelGemm, peak, device });
  const bound = 1e10 * (ISA_SHARES.linear?.wide ?? Number.NaN);
  expect(onGpu.kernels?.[0]?.kernels[0]?.share_of_instructions).toBeCloseTo(1e9 / bound, 10);
  const lines = benchTable(onGpu).split('\n');
  expect(lines).toContainEqual(expect.stringMatching(/ of the peak +of its bound$/));
  expect(lines).toContainEqual(expect.stringMatching(/^linear\/wide .* 10\.0 % +10\.6 %$/));
  expect(lines).toContainEqual(expect.stringMatching(/^copy 64 +30 +30\.0 % +30\.00$/));
  expect(lines).toContainEqual(expect.stringMatching(/^beside: linear\/register .* 50\.0 % +54\.9 %$/));
  expect(lines).toContainEqual(expect.stringMatching(/^Its bound: .* as AMD's compiler makes them$/));
  for (const line of lines) expect(line.length).toBeLessThanOrEqual(115);
});

test('modes are reported side by side', () => {
  const step = { seconds: 2, dispatches: 202, flops: 3e9 };
  const mode = { ...step, mode: 'merged', to_unmerged: 0.9, to_bare: 1.25, to_bare_by_flops: 1.04 } as const;
  const report = benchReport(run, { ...nothing, modes: [{ r: 64, bare: step, modes: [mode], device }], device });
  const told = { ms: 2000, dispatches: 202, flops: 3e9 };
  expect(report.modes).toEqual([
    {
      r: 64,
      bare: told,
      modes: [{ ...told, mode: 'merged', to_unmerged: 0.9, to_bare: 1.25, to_bare_by_flops: 1.04 }],
    },
  ]);
  const table = benchTable(report);
  expect(table).toMatch(/\nA step at r 64 +ms +GFLOP +dispatches +to unmerged +to no VeRA +and by GFLOP\n/);
  expect(table).toMatch(/\nmerged +2000\.0 +3\.00 +202 +0\.90 × +1\.25 × +1\.04$/);
});

test('counts give the shortest time of a step on another device', () => {
  const memory = { weightBytes: 2.5e8, peakBytes: 8e8 };
  const counts = [{ r: 64, dispatches: 202, flops: 3e11, bytes: 2e9, memory, device }];
  const peak = { flopsPerSecond: 3e12, bytesPerSecond: 1e11 };
  const report = benchReport({ ...run, peak }, { ...nothing, counts, device });
  expect(report.counts).toEqual([
    {
      r: 64,
      dispatches: 202,
      flops: 3e11,
      bytes: 2e9,
      weight_bytes: 2.5e8,
      gpu_bytes: { peak: 8e8 },
      roofline: { arithmetic_ms: 100, bytes_ms: 20, tokens_per_second: 2560 },
    },
  ]);
  const table = benchTable(report);
  expect(table).toMatch(/\nA step at 3,000 GFLOP\/s and 100 GB\/s +r 64\n/);
  expect(table).toMatch(/\nms of arithmetic +100\.0\nms of reading and writing +20\.0\ntokens\/s at most +2,560$/);
});

test('generation is reported by rates, kernels, and the times of reading weights and of dispatches alone', () => {
  const linear = { kernel: 'linear', variant: 'row', sizes: [1, 32_000, 288], mixed: true, dispatches: 43 };
  const sample = { kernel: 'sample', variant: 'default', sizes: [32_000], mixed: false, dispatches: 1 };
  const decode = {
    position: 128,
    dispatches: 44,
    seconds: 0.018,
    kernels: [
      { ...linear, seconds: 0.015, share: 0.75, bytes: 1, flops: 1, flopsPerSecond: 1 },
      { ...sample, seconds: 0.001, share: 0.05, bytes: 1, flops: 1, flopsPerSecond: 1 },
    ],
    weightBytes: 60e6,
    // One binding can hold only half of the weights, so only half of them are read.
    reading: { bytes: 30e6, seconds: 0.005 },
    dispatchSeconds: 1e-5,
    device,
  };
  const generation = {
    prompt_tokens: 64,
    new_tokens: 128,
    first_call_seconds: 0.5,
    first_token_seconds: 0.0204,
    tokens_per_second: 50,
    decode,
  };
  const report = benchReport(run, { ...nothing, generation, device });
  expect(report.generation).toMatchObject({ tokens_per_second: 50, ms_to_first_token: { first_call: 500 } });
  const told = report.generation?.decode;
  expect(told).toMatchObject({ ms_per_token: 20, weight_bytes_per_second: 3e9, queued: { ms: 18 } });
  expect(told?.in_kernels.share).toBeCloseTo(0.8);
  expect(told?.not_in_kernels.ms).toBeCloseTo(4);
  expect(told?.reading).toMatchObject({ bytes_per_second: 6e9, ms: 10, share: 0.5 });
  expect(told?.dispatching.ms).toBeCloseTo(0.44);

  const table = benchTable(report);
  expect(table).toMatch(/\n128 tokens after 64\n/);
  expect(table).toMatch(/\ntokens per second +50\.0\n/);
  expect(table).toMatch(/\nms to the first token +20\.4\n {2}of the first text +500\.0\n\n/);
  expect(table).toMatch(/\nKernels of a token after 128, each alone +times +share +ms\n/);
  expect(table).toMatch(/\nlinear\/row ≤ 1×32000×288 +43 +75\.0 % +15\.00\n/);
  expect(table).toMatch(/\nnot in kernels +20\.0 % +4\.00\na token as generate gives it +44 +100\.0 % +20\.00\n/);
  expect(table).toMatch(/\nits 60\.0 MB of weights, read in one dispatch +1 +50\.0 % +10\.00\n/);
  expect(table).toMatch(/\nas many dispatches that do nothing +44 +2\.2 % +0\.44\n/);
  expect(table).toMatch(/\nWeights are read at 3\.0 GB\/s, in one dispatch at 6\.0 GB\/s; a dispatch takes 10\.0 µs$/);
  expect(table).not.toMatch(/NaN|undefined/);
  for (const line of table.split('\n')) expect(line.length).toBeLessThanOrEqual(100);
  expect(JSON.parse(JSON.stringify(report))).toEqual(report);
});
