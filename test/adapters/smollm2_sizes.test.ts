import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { kindNamed } from '../../src/adapters/adapter_kinds';
import { adapterModelBytes } from '../../src/adapters/files/write_adapter';
import { parameterShapes } from '../../src/adapters/pool/pool_layout';
import { smollm2 } from '../helpers/models/smollm2';

/** Returns the size of adapter_model.safetensors for SmolLM2-135M in KiB, without frozen matrices. */
function kib(
  fields: { readonly peft_type: string; readonly [field: string]: unknown },
  dtype: 'float32' | 'float16',
): number {
  const kind = kindNamed(fields);
  const { layout } = kind.resolve(new kind.Config(fields), smollm2, { later: false });
  return adapterModelBytes({ trained: parameterShapes(layout), frozen: [] }, dtype) / 1024;
}

const IA3 = { peft_type: 'IA3' };
const ATTENTION = { ...IA3, target_modules: ['k_proj', 'v_proj'], feedforward_modules: [] };

test.each([
  [IA3, 'float32'],
  [IA3, 'float16'],
  [ATTENTION, 'float16'],
  [{ peft_type: 'VERA', r: 16 }, 'float16'],
  [{ peft_type: 'UNILORA', theta_d_length: 12_288 }, 'float32'],
] as const)('PEFT.md has the size of %j in %s', (fields, dtype) => {
  expect(readFileSync('docs/PEFT.md', 'utf8')).toContain(` ${kib(fields, dtype).toFixed(1)} KiB`);
});

test('two are below 50 KiB', () => {
  expect(kib(ATTENTION, 'float16')).toBeLessThan(50);
  expect(kib({ peft_type: 'UNILORA', theta_d_length: 12_288 }, 'float32')).toBeLessThan(50);
});
