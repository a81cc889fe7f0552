import { describe, expect, test } from 'vitest';
import { benchReport, NOTHING_MEASURED } from '../../bench/report/bench_report.mjs';
import {
  deviceText,
  figuresOf,
  kernelRows,
  numbersOf,
  rooflineText,
  speedBars,
  stepInWords,
  timeBars,
} from '../../demo/src/bench/figures';
import { BenchMeter } from '../../demo/src/bench/meter';
import { CASE_NAMES, caseFacts, defaultsFor, roundsProblem, takes } from '../../demo/src/bench/settings';
import { formatDigits, formatShare } from '../../demo/src/page/format';

const device = {
  vendor: 'acme',
  architecture: 'two',
  description: 'Acme 2',
  fallback: false,
  features: ['subgroups'],
} as const;
const kernel = { variant: 'default', sizes: [4, 8], mixed: false, dispatches: 3, bytes: 1e6 };
const run = { name: 'tiny', length: 64, adapter: 'default', engine: 'a browser' } as const;
const rate = { variant: 'workgroup', shape: { rows: 1, columns: 1, inner: 1 }, flopsPerSecond: 8e11, samples: 5 };
const report = benchReport(run, {
  ...NOTHING_MEASURED,
  version: '1.2.3',
  device,
  kernels: [
    {
      r: 64,
      step: { seconds: 0.02, dispatches: 202, flops: 6e9, unmerged_flops: 8e9, bytes: 5e8 },
      product: {
        ...kernel,
        kernel: 'linear',
        variant: 'workgroup',
        seconds: 0.01,
        share: 0.5,
        flops: 8e9,
        flopsPerSecond: 8e11,
      },
      memory: { weightBytes: 1e6, peakBytes: 28e6 },
      kernels: [
        {
          ...kernel,
          kernel: 'linear',
          variant: 'row',
          mixed: true,
          seconds: 0.01,
          share: 0.5,
          flops: 5e9,
          flopsPerSecond: 5e11,
        },
        { ...kernel, kernel: 'copy', seconds: 0.004, share: 0.2, flops: 0, flopsPerSecond: 0 },
      ],
      outside: { seconds: 0.006, share: 0.3 },
      device,
    },
  ],
  kernelGemm: { best: rate, rates: [rate], device },
  peak: { flopsPerSecond: 2e12, bytesPerSecond: 1e11, device },
});
const figures = figuresOf(report);

describe('figures of a report', () => {
  test('a sentence, and numbers', () => {
    expect(stepInWords(report, figures)).toBe('Learns from 200 texts of 64 tokens a second.');
    expect(numbersOf(figures)).toEqual([
      ['ms a step', '20.0'],
      ['Tokens/s', '12,800'],
      ['GFLOP/s', '300'],
      ['GFLOP a step', '6.00'],
      ['Of the peak', '15 %'],
      ['Of the best GEMM', '38 %'],
      ['Dispatches', '202'],
      ['GPU memory', '28.0 MB'],
    ]);
  });

  test('speeds are shares of the peak, for the kernels that compute', () => {
    expect(speedBars(figures)).toEqual([
      { name: 'This device at best', length: 1, value: '2,000 GFLOP/s · 100 %' },
      { name: 'Best GEMM', length: 0.4, value: '800 GFLOP/s · 40 %' },
      { name: 'The whole step', length: 0.15, value: '300 GFLOP/s · 15 %' },
      { name: 'linear/row ≤ 4×8', length: 0.25, value: '500 GFLOP/s · 25 % · 50 % of the time', time: 0.5 },
    ]);
  });

  test('times are shares of the longest one', () => {
    expect(timeBars(figures)).toEqual([
      { name: 'Its arithmetic, at the peak', length: 0.15, value: '3.00 ms' },
      { name: 'Its bytes, at the peak', length: 0.25, value: '5.00 ms' },
      { name: 'The step as it is', length: 1, value: '20.0 ms' },
    ]);
    expect(rooflineText(figures)).toBe(
      'This device does 2,000 GFLOP/s and 100 GB/s at best. With that the step would take: arithmetic 3.00 ms, bytes 5.00 ms. It takes 20.0 ms.',
    );
  });

  test('the table has all kernels', () => {
    expect(kernelRows(figures)).toEqual([
      ['linear', 'row', '≤ 4×8', '3', '10.0', '50 %', '500', '63 %', '25 %'],
      ['copy', '', '4×8', '3', '4.00', '20 %', '', '', ''],
    ]);
  });

  test('the adapter’s names', () => {
    expect(deviceText(report)).toBe('Acme 2 · acme · two · subgroups');
    const unnamed = { ...device, vendor: '', architecture: '', description: '', features: [] };
    expect(deviceText({ ...report, device: unnamed })).toBe('an unnamed adapter');
  });

  test('a report without kernels is refused', () => {
    expect(() => figuresOf({ ...report, kernels: [] })).toThrow('Expected a report of kernels');
  });
});

test('the parts of a run are combined into one progress', () => {
  const meter = new BenchMeter();
  expect(meter.update(0, 1, 'model')).toEqual({ share: 0, text: '1 of 4: making the model' });
  expect(meter.update(1, 2, 'gemm')).toEqual({ share: 0.375, text: '2 of 4: the best GEMM, 1 of 2' });
  expect(meter.update(2, 2, 'gemm').share).toBe(0.5);
  expect(meter.update(3, 4, 'r 64')).toEqual({ share: 0.6875, text: '3 of 4: the kernels of a step, 3 of 4' });
  expect(meter.update(10, 10, 'peak')).toEqual({ share: 1, text: '4 of 4: the peak of this device, 10 of 10' });
});

test('settings', () => {
  expect(defaultsFor({ software: true })).toEqual({ name: 'tiny', length: 64 });
  expect(defaultsFor({ software: false })).toEqual({ name: 'smollm2-135m', length: 512 });
  expect(CASE_NAMES).toEqual(['tiny', 'small', 'bundled', 'opt-125m', 'smollm2-135m', 'qwen2.5-0.5b']);
  expect(takes('bundled', 512)).toBe(true);
  expect(takes('bundled', 1024)).toBe(false);
  expect(takes('qwen2.5-0.5b', 1024)).toBe(true);
  expect(caseFacts('opt-125m')).toBe('12 layers of 768, vocabulary 50,272; a step of 1 row at rank 256');
  expect(roundsProblem('3')).toBeUndefined();
  for (const text of ['', '0', '1.5', '51', 'x']) expect(roundsProblem(text)).toBe('A whole number from 1 to 50.');
});

test.each([
  [1387.3, '1,387'],
  [99.96, '100'],
  [34.21, '34.2'],
  [9.996, '10.0'],
  [0.041, '0.04'],
  [Number.NaN, '–'],
])('%d in digits is %s', (value, text) => expect(formatDigits(value)).toBe(text));

test.each([
  [0.342, '34 %'],
  [0.0996, '10 %'],
  [0.034, '3.4 %'],
  [1.07, '107 %'],
  [Number.NaN, '–'],
])('a share of %d is %s', (value, text) => expect(formatShare(value)).toBe(text));
