import { expect, test } from 'vitest';
import { VeraConfig } from '../../../../src/index';
import { freshState, usualSettings } from '../../../../src/page/profile/open';
import { exportFiles } from '../../../../src/page/profile/storage/profile_files';
import { readFiles } from '../../../../src/page/profile/storage/read_files';
import { LONGEST_HISTORY } from '../../../../src/page/profile/storage/record';
import type { LearnRecord } from '../../../../src/page/profile/types';

const COUNT = 40_000;

test('the files of a profile with many examples and the longest history can be imported', async () => {
  const base = { base: 'b', labels: null, problem_type: null };
  const config = new VeraConfig({ r: 4 });
  const vectors = { config: JSON.stringify(config), weights: new Uint8Array(8) };
  // All examples that are held out, which are a tenth of them, have compared the candidates.
  const left_out = Array.from({ length: COUNT / 10 }, (_, index) => 10 * index + 9);
  const figures = {
    C: 10,
    cross_validated_loss: 0.5,
    cross_validated_accuracy: 0.5,
    accuracy_before: 0,
    accuracy_after: 1,
  };
  const record: LearnRecord = {
    ...figures,
    at: Date.now(),
    method: 'refine',
    examples: COUNT - left_out.length,
    held_out: left_out.length,
    steps: 60,
    loss_before: 1,
    loss_after: 0.5,
    candidates: [],
    left_out,
    phases: [],
    taken: true,
  };
  const seen = 1e9;
  const settings = { ...usualSettings, peft_config: { ...config }, max_examples: COUNT };
  const state = {
    ...freshState({ ...base, base_model: null, vectors, settings }),
    seen,
    history: Array.from({ length: LONGEST_HISTORY }, () => record),
  };
  const examples = Array.from({ length: COUNT }, (_, index) => ({
    n: seen - 1 - index,
    example: { text: 'a' },
  }));
  const { imported, data } = await readFiles(exportFiles(state, { examples, feedback: [] }), { base });
  expect(imported.history).toHaveLength(LONGEST_HISTORY);
  expect(imported.history.at(-1)).toEqual(record);
  expect(data.examples).toHaveLength(COUNT);
  expect(data.examples.at(-1)).toEqual(examples.at(-1));
});
