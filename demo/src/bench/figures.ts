import type { BenchReport } from '../../../bench/report/bench_report.mjs';
import { type KernelRun, labelOf } from '../../../bench/report/kernel_report.mjs';
import { formatBytes } from '../../../src/parts/words';
import type { Bar } from '../page/bars';
import { formatCount, formatDigits, formatShare } from '../page/format';

/** The part of a report that the page shows. */
export interface Figures {
  readonly step: KernelRun;
  /** The speed of the library's matrix product, timed alternately with the step. */
  readonly gemm: { readonly flops_per_second: number };
  readonly peak: { readonly flops_per_second: number; readonly bytes_per_second: number };
}

/** Returns the figures of a report of kernels. Throws if the report has no kernels, no matrix product or no peak. */
export function figuresOf({ kernels, peak }: BenchReport): Figures {
  const step = kernels?.[0];
  if (step?.gemm === undefined || peak === undefined) {
    throw new Error('Expected a report of kernels, got one of something else');
  }
  return { step, gemm: step.gemm, peak };
}

/** Describes the speed of training in one sentence. */
export function stepInWords({ shape: { batch, length } }: Pick<BenchReport, 'shape'>, { step }: Figures): string {
  const perSecond = formatDigits((1000 * batch) / step.ms_per_step);
  return `Learns from ${perSecond} texts of ${length} tokens a second.`;
}

/** Returns the numbers of a step, each with its name for visitors. */
export function numbersOf({ step }: Figures): readonly (readonly [name: string, value: string])[] {
  return [
    ['ms a step', formatDigits(step.ms_per_step)],
    ['Tokens/s', formatCount(step.tokens_per_second)],
    ['GFLOP/s', giga(step.flops_per_second)],
    ['GFLOP a step', giga(step.flops)],
    ['Of the peak', formatShare(step.share_of_peak ?? Number.NaN)],
    ['Of the best GEMM', formatShare(step.share_of_best_gemm ?? Number.NaN)],
    ['Dispatches', formatCount(step.dispatches)],
    ['GPU memory', formatBytes(step.gpu_bytes.peak)],
  ];
}

/** The most kernels that the chart shows. Further ones would be too small to see. */
const MOST_KERNELS = 10;

/** Returns the bars of a chart of speeds: the device's peak, the matrix product, the whole step, and the kernels that take longest. */
export function speedBars({ step, gemm, peak }: Figures): readonly Bar[] {
  const bar = (name: string, flopsPerSecond: number): Bar => {
    const share = flopsPerSecond / peak.flops_per_second;
    const value = `${giga(flopsPerSecond)} GFLOP/s · ${formatShare(share)}`;
    return { name, length: Math.min(1, share), value };
  };
  const kernels = step.kernels.filter(({ flops }) => flops > 0).slice(0, MOST_KERNELS);
  return [
    bar('This device at best', peak.flops_per_second),
    bar('Best GEMM', gemm.flops_per_second),
    bar('The whole step', step.flops_per_second),
    ...kernels.map((kernel) => {
      const { value, ...rest } = bar(labelOf(kernel), kernel.flops_per_second);
      return { ...rest, value: `${value} · ${formatShare(kernel.share)} of the time`, time: Math.min(1, kernel.share) };
    }),
  ];
}

/** Returns bars of the step's time and of its two lower bounds. */
export function timeBars({ step }: Figures): readonly Bar[] {
  const { arithmetic_ms = Number.NaN, bytes_ms = Number.NaN } = step.roofline ?? {};
  const longest = Math.max(step.ms_per_step, arithmetic_ms, bytes_ms);
  const bar = (name: string, ms: number): Bar => ({ name, length: ms / longest, value: `${formatDigits(ms)} ms` });
  return [
    bar('Its arithmetic, at the peak', arithmetic_ms),
    bar('Its bytes, at the peak', bytes_ms),
    bar('The step as it is', step.ms_per_step),
  ];
}

/** Describes the device's peak, and the lower bounds of the step's time. */
export function rooflineText({ step, peak }: Figures): string {
  const { arithmetic_ms = Number.NaN, bytes_ms = Number.NaN } = step.roofline ?? {};
  const device = `${giga(peak.flops_per_second)} GFLOP/s and ${giga(peak.bytes_per_second)} GB/s at best`;
  const least = `arithmetic ${formatDigits(arithmetic_ms)} ms, bytes ${formatDigits(bytes_ms)} ms`;
  return `This device does ${device}. With that the step would take: ${least}. It takes ${formatDigits(step.ms_per_step)} ms.`;
}

/** Returns the rows of the table of kernels. The kernel with the largest share of the time comes first. */
export function kernelRows({ step: { kernels } }: Figures): readonly (readonly string[])[] {
  return kernels.map((kernel) => [
    kernel.kernel,
    kernel.variant === 'default' ? '' : kernel.variant,
    `${kernel.mixed ? '≤ ' : ''}${kernel.sizes.join('×')}`,
    formatCount(kernel.dispatches),
    formatDigits(kernel.ms),
    formatShare(kernel.share),
    ...(kernel.flops === 0
      ? ['', '', '']
      : [
          giga(kernel.flops_per_second),
          formatShare(kernel.share_of_best_gemm ?? Number.NaN),
          formatShare(kernel.share_of_peak ?? Number.NaN),
        ]),
  ]);
}

/** Describes the GPU adapter. */
export function deviceText({ device: { vendor, architecture, description, features } }: BenchReport): string {
  const named = [...new Set([description, vendor, architecture])].filter((part) => part !== '');
  return [...(named.length === 0 ? ['an unnamed adapter'] : named), ...features].join(' · ');
}

function giga(value: number): string {
  return formatDigits(value / 1e9);
}
