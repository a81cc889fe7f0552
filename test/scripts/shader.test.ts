import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { labelled, shaderAnswer } from '../../scripts/shader/shader_text.mjs';
import { rmsNormForward } from '../../src/ops/norms/rms_norm';
import { linearForward } from '../../src/ops/products/linear';
import { namedKernels, shaderFiles } from '../helpers/gpu/kernels';

/** Removes the lines that the script adds to the shader. */
const compiled = (answer: string) => answer.replace(/^\/\/ (?:file|constant): .*\n/gm, '');

test.each(namedKernels())('$name: each variant is printed in its compiled form', ({ name, kernel }) => {
  const variants = labelled(kernel.variants);
  expect(variants.size).toBe(kernel.variants.length);
  expect(shaderAnswer(name)).toBe([...variants.keys()].map((label) => `${name}/${label}\n`).join(''));
  for (const [label, { wgsl, files }] of variants) {
    const answer = shaderAnswer(`${name}/${label}`);
    expect(compiled(answer), label).toBe(wgsl);
    expect(answer.match(/^\/\/ file: /gm), label).toHaveLength(files.length);
  }
});

test('a line before each part names its file, and lines at the top name the constants', () => {
  const answer = shaderAnswer('linear.ragged.f16/subgroup.plain');
  const [first, second] = answer.split('\n');
  expect([first, second]).toEqual(['// constant: PLAIN = 1', '// file: lib/enable_subgroups.wgsl']);
  for (const { path, text } of shaderFiles()) {
    const isPart = linearForward
      .kernel('ragged', 'f16')
      .variants.some(({ name, files }) => name === 'subgroup' && files.includes(text));
    expect(answer.includes(`// file: ${path}\n${text}`), path).toBe(isPart);
  }
});

test('a product has whole lines and f32 by default, and variants of one family have labels of their own', () => {
  expect(shaderAnswer('linear/workgroup')).toBe(shaderAnswer('linear.vec4.f32/workgroup'));
  expect(shaderAnswer('linear/workgroup')).not.toBe(shaderAnswer('linear.scalar.f32/workgroup'));
  expect(shaderAnswer('rms_norm')).toBe('rms_norm/words\nrms_norm/default\nrms_norm/serial\nrms_norm/serial.scalar\n');
  expect(compiled(shaderAnswer('rms_norm/serial.scalar'))).toBe(rmsNormForward.variants[3]?.wgsl);
  expect(shaderAnswer('').split('\n')).toEqual(expect.arrayContaining(['rms_norm', 'linear', 'vera_linear']));
});

describe('an unknown name gets suggestions', () => {
  test.each([
    ['linaer/workgroup', 'There is no record linaer', 'Did you mean linear?'],
    [
      'weight_backward',
      'There is no record weight_backward',
      'layer_norm_weight_backward or linear_weight_backward or',
    ],
    ['linear.vec4/workgroup', 'There is no record linear.vec4', 'Did you mean linear.vec4.f32 or linear.vec4.f16 or'],
    ['nothing', 'There is no record nothing', 'There are grad_norm, adamw, add,'],
    ['relu/workgroup', 'relu has no variant workgroup', 'It has default.'],
    ['relu/default/more', 'relu has no variant default/more', 'It has default.'],
  ])('%s', (asked, message, hint) => {
    const error = expect.objectContaining({ code: 'not_found', message, hint: expect.stringContaining(hint) });
    expect(() => shaderAnswer(asked)).toThrow(error);
  });
});

describe('npm run shader', () => {
  const run = (...args: string[]) =>
    spawnSync(process.execPath, [fileURLToPath(new URL('../../scripts/shader.mjs', import.meta.url)), ...args], {
      encoding: 'utf8',
    });

  test('prints only the text', () => {
    const { status, stdout, stderr } = run('rms_norm/serial');
    expect([status, stderr]).toEqual([0, '']);
    expect(stdout).toBe(shaderAnswer('rms_norm/serial'));
  });

  test('ends with 2 and one line for an unknown name', () => {
    const { status, stdout, stderr } = run('rms_nrom');
    expect([status, stdout]).toEqual([2, '']);
    expect(stderr).toBe('shader: There is no record rms_nrom – Did you mean rms_norm?\n');
  });
});
