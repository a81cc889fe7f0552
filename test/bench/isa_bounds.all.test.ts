import { expect, test } from 'vitest';
import { compileFor } from '../../bench/isa/compile_for.mjs';
import { missingIsaParts } from '../../bench/isa/compiler_parts.mjs';
import { ISA_SHARES } from '../../bench/isa/instruction_shares.mjs';
import { kernelOf, mainLoops } from '../../bench/isa/isa_report.mjs';
import { isaSources } from '../../bench/isa/kernel_sources.mjs';

/*
 * Bounds for the machine code of the kernels that do most of a step's work, as measured when this test was written.
 * `npm run bench -- --only isa` prints all figures.
 */

/** The most registers, the fewest waves, and the most vector instructions other than multiply-adds in each main loop. */
const BOUNDS: Readonly<Record<string, { vgprs: number; waves: number; beside: readonly number[] }>> = {
  // Each loop over K exists twice: for whole steps, and for the remainder.
  'linear/workgroup': { vgprs: 132, waves: 8, beside: [4, 4] },
  'vera_linear/workgroup': { vgprs: 132, waves: 8, beside: [4, 4, 4, 4] },
  'linear_backward/workgroup': { vgprs: 120, waves: 8, beside: [4, 4, 4, 4, 4, 4] },
  'linear_weight_backward/workgroup': { vgprs: 120, waves: 8, beside: [4, 4] },
  'vera_linear_backward/workgroup': { vgprs: 120, waves: 8, beside: [4, 4, 4, 4, 4, 4, 4, 4] },
  'vera_up_backward/workgroup': { vgprs: 144, waves: 8, beside: [4, 4] },
  // The inner loop is unrolled, so the main loop also contains the staging instructions.
  'linear/workgroup_oblong': { vgprs: 84, waves: 16, beside: [52] },
  'vera_up_backward/workgroup_oblong': { vgprs: 96, waves: 16, beside: [82] },
  'linear/workgroup_small': { vgprs: 84, waves: 8, beside: [2, 2] },
  'vera_lambda_backward/workgroup_least': { vgprs: 72, waves: 8, beside: [2, 2, 2, 2] },
  'linear/f16': { vgprs: 180, waves: 8, beside: [56] },
  'linear/f16_small': { vgprs: 132, waves: 8, beside: [22] },
  'linear/subgroup_matrix': { vgprs: 60, waves: 16, beside: [118] },
  'linear/register': { vgprs: 84, waves: 18, beside: [12] },
  // f16 weights are unpacked while they are staged, so the main loops are the same as for f32.
  'linear.vec4.f16/workgroup': { vgprs: 132, waves: 8, beside: [4, 4] },
  'vera_linear.vec4.f16/workgroup': { vgprs: 132, waves: 8, beside: [4, 4, 4, 4] },
  'linear_backward.vec4.f16/workgroup': { vgprs: 120, waves: 8, beside: [4, 4, 4, 4, 4, 4] },
  'linear_weight_backward/register': { vgprs: 84, waves: 18, beside: [13] },
  'vera_lambda_backward/register': { vgprs: 84, waves: 18, beside: [13, 13] },
  'vera_up_backward/register': { vgprs: 120, waves: 12, beside: [46] },
  'attention/workgroup': { vgprs: 132, waves: 6, beside: [2, 3] },
  'attention_backward/workgroup': { vgprs: 168, waves: 6, beside: [2, 3, 2, 3] },
  'attention_backward/workgroup_apart': { vgprs: 132, waves: 6, beside: [2, 2, 3] },
};

const missing = missingIsaParts();
const why =
  missing.length === 0 ? '' : ` (skipped, as this machine lacks ${missing.map(({ debian }) => debian).join(', ')})`;

test.skipIf(missing.length > 0)(`the machine code of products and attention on NAVI31 keeps its bounds${why}`, () => {
  const sources = Object.keys(BOUNDS).flatMap((name) => isaSources(name));
  const { compiled } = compileFor(sources, 'navi31');
  expect(compiled).toHaveLength(sources.length);
  const kernels = sources.map((source, index) => kernelOf({ ...source, compiled: compiled[index]! }));
  for (const { kernel, variant, vgprs, spilled, waves_per_simd, loops } of kernels) {
    const name = `${kernel}/${variant}`;
    const bounds = BOUNDS[name]!;
    expect(spilled, name).toBe(0);
    expect(vgprs, name).toBeLessThanOrEqual(bounds.vgprs);
    expect(waves_per_simd, name).toBeGreaterThanOrEqual(bounds.waves);
    const beside = mainLoops(loops).map(({ vector, multiply_adds }) => vector - multiply_adds);
    expect(beside, name).toHaveLength(bounds.beside.length);
    for (const [index, most] of bounds.beside.entries()) expect(beside[index], name).toBeLessThanOrEqual(most);
  }
});

test.skipIf(missing.length > 0)(`the shares that reports of kernels use are the compiler's${why}`, () => {
  const names = Object.entries(ISA_SHARES).flatMap(([kernel, variants]) =>
    Object.keys(variants).map((variant) => `${kernel}/${variant}`),
  );
  const sources = names.flatMap((name) => isaSources(name));
  const { compiled } = compileFor(sources, 'navi31');
  expect(compiled).toHaveLength(names.length);
  for (const [index, source] of sources.entries()) {
    const { kernel, variant, share } = kernelOf({ ...source, compiled: compiled[index]! });
    const known = ISA_SHARES[kernel]?.[variant] ?? Number.NaN;
    // The shares in `ISA_SHARES` are rounded, and other versions of the compiler differ a little.
    expect(Math.abs((share ?? Number.NaN) - known), `${kernel}/${variant}: ${share}`).toBeLessThan(0.02);
  }
});
