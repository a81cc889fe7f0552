import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { goldenCase } from './golden';
import { taskOfBase } from './golden_batches';
import { goldenBases, goldenCases, goldenNames, isKeyCase } from './golden_index';

test('has every case, as its folder says', () => {
  const index = JSON.parse(readFileSync('test/golden/index.json', 'utf8'));
  expect(Object.keys(index)).toEqual(readdirSync('test/golden/cases').sort());
  for (const { name, base, task, rank, runs } of goldenCases()) {
    const golden = goldenCase(name);
    expect(golden.base).toBe(`base/${base}`);
    expect(taskOfBase(golden.base)).toBe(task);
    expect(golden.vera_config.r).toBe(rank);
    expect(golden.expect.train.map(({ id }) => id)).toEqual(runs);
  }
});

test('chooses by what is known of a case', () => {
  expect(goldenNames(isKeyCase)).toHaveLength(4);
  expect(goldenNames(({ trains }) => trains.includes('biases'))).toEqual(['opt_bias_mid', 'qwen2_bias_mid']);
  expect(goldenBases(({ task }) => task === 'image_classification')).toEqual(['vit-gelu-fast', 'vit', 'vit-v4']);
});
