import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { goldenCase } from './golden';
import { taskOfBase } from './golden_batches';
import { allGoldenCases, goldenBases, goldenNames, isKeyCase } from './golden_index';

test('has every case, with the facts of its folder', () => {
  const index = JSON.parse(readFileSync('test/golden/index.json', 'utf8'));
  expect(Object.keys(index)).toEqual(readdirSync('test/golden/cases').sort());
  for (const { name, base, task, rank, runs, kind } of allGoldenCases()) {
    const golden = goldenCase(name);
    expect(golden.base).toBe(`base/${base}`);
    expect(taskOfBase(golden.base)).toBe(task);
    const config = golden.peft_config ?? { ...golden.vera_config, peft_type: 'VERA' };
    expect(config).toMatchObject({ ...(rank !== null && { r: rank }), peft_type: kind });
    expect(golden.expect.train.map(({ id }) => id)).toEqual(runs);
  }
});

test('chooses cases by their facts', () => {
  expect(goldenNames(isKeyCase)).toHaveLength(4);
  expect(goldenNames(({ trains }) => trains.includes('biases'))).toEqual([
    'modernbert_tokcls_mid',
    'opt_bias_mid',
    'qwen2_bias_mid',
  ]);
  expect(goldenBases(({ task }) => task === 'image_classification')).toEqual([
    'clip',
    'dinov2',
    'dinov2-registers',
    'siglip',
    'vit-gelu-fast',
    'vit',
    'vit-v4',
  ]);
});
