import { describe, expect, test } from 'vitest';
import { missingIsaParts } from '../../bench/isa/compiler_parts.mjs';
import { chosenKernels } from '../../bench/isa/vendors/chosen_kernels.mjs';
import { compileListings, type Listed } from '../../bench/isa/vendors/compile_listings.mjs';
import { hasDrivers } from '../../bench/isa/vendors/drivers.mjs';
import { GPUS } from '../../bench/isa/vendors/gpus.mjs';

/*
 * Bounds for the kernels that are chosen for each vendor's GPUs, as compiled by that vendor's compiler when this test was written.
 * `npm run bench -- --only isa --chosen --gpu …` prints the figures. ARM's compiler is left out: it is emulated and takes minutes.
 */

/**
 * For each GPU, the smallest allowed share of multiply-adds among the instructions of a step over K. `large`: tiles of 8 × 8 or 8 × 4
 * results; `small`: tiles of 4 × 4 results; `attention`: the tiles of attention.
 */
const BOUNDS: Readonly<Record<string, { large: number; small: number; attention: number }>> = {
  tgl: { large: 0.63, small: 0.59, attention: 0.62 },
  lnl: { large: 0.68, small: 0.66, attention: 0.68 },
  nv172: { large: 0.71, small: 0.53, attention: 0.66 },
  m1: { large: 0.67, small: 0.66, attention: 0.67 },
  a730: { large: 0.7, small: 0.62, attention: 0.71 },
  navi31: { large: 0.63, small: 0.61, attention: 0.63 },
};

/**
 * How much smaller the share may be in a matrix product that also computes what it reads: `rms_norm_linear` sums the squares of the norm's
 * input, and `rms_norm_up_backward` computes the norm's gradient from three matrices.
 */
const NORMS: Readonly<Record<string, number>> = { rms_norm_linear: 0.03, rms_norm_up_backward: 0.05 };

function boundOf(gpu: string, { kernel, variant }: Listed): number {
  const { large, small, attention } = BOUNDS[gpu]!;
  if (kernel.startsWith('attention')) return attention;
  const bound = /_(small|least)$/.test(variant) ? small : large;
  return bound - (NORMS[kernel] ?? 0);
}

const lacks = (gpu: string): boolean => missingIsaParts().length > 0 || !hasDrivers(gpu);

describe.each(Object.keys(BOUNDS))('%s', (gpu) => {
  const { title, info } = GPUS[gpu]!;
  const why = lacks(gpu) ? ' (skipped, as bench/isa/vendors/setup.sh has not run here)' : '';
  test.skipIf(lacks(gpu))(
    `the kernels that ${title} gets move no values to memory, and keep their shares${why}`,
    () => {
      const picks = chosenKernels(info).flatMap((one) => one.picks);
      expect(new Set(picks.map(({ kernel }) => kernel)).size).toBe(20);
      for (const listed of compileListings(picks, gpu)) {
        const name = `${listed.kernel}/${listed.variant}`;
        expect(listed.spilled, name).toBe(0);
        expect(listed.registers, name).toBeGreaterThan(0);
        expect(listed.shares.length, name).toBeGreaterThan(0);
        expect(Math.min(...listed.shares), name).toBeGreaterThanOrEqual(boundOf(gpu, listed));
      }
    },
    120_000,
  );
});
