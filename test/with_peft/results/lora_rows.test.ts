import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { trainLora } from '../../../scripts/results/peft/lora.mjs';
import { inRepository } from '../../../scripts/shared/paths.mjs';
import { describeWithPeft } from '../lib/peft';

const text = readFileSync(inRepository('demo/public/text/moby-dick.txt'), 'utf8');
const settings = {
  model: inRepository('demo/public/models/prose-1.4M'),
  train: text.slice(0, 6000),
  texts: { same: text.slice(0, 1500), other: text.slice(-1500) },
  r: 2,
  learning_rate: 3e-2,
  max_steps: 6,
  rows: 2,
  length: 64,
};

describeWithPeft('rows of RESULTS.md that PEFT measures', () => {
  test('a LoRA learns the text, once for each seed', async () => {
    const { before, runs } = await trainLora({ ...settings, seeds: 2 }, () => {});
    const [first, second, ...others] = runs;
    expect(others).toEqual([]);
    expect(first?.perplexity).not.toEqual(second?.perplexity);
    for (const { perplexity, trainable, bytes } of runs) {
      expect(perplexity.same).toBeLessThan(before.same ?? 0);
      // The base has six layers of width 128, with 64 for keys and values, and three matrices of 352 by 128.
      expect(trainable).toBe(6 * 2 * (4 * 128 + 2 * (128 + 64) + 3 * (128 + 352)));
      expect(bytes).toBeGreaterThan(4 * trainable);
    }
  });
});
