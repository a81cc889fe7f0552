import { describe, expect, test } from 'vitest';
import type { PredictOptions, TrainingArguments } from '../../../src/index';
import { partsKey } from '../../../src/page/models/remote_model';
import { noData } from '../../../src/page/profile/feedback/feedback';
import type { ProfileHost } from '../../../src/page/profile/host';
import { freshState, learnArguments, lengthIn, usualSettings, withSettings } from '../../../src/page/profile/open';
import type { ProfileState } from '../../../src/page/profile/storage/record';
import { resolveTrainingArguments } from '../../../src/page/training/training_arguments';

const args: TrainingArguments = { max_steps: 8, max_length: 32 };
const nothing = { max_steps: undefined, max_length: undefined, learning_rate: undefined } as object;
const settings = { ...usualSettings, args };

const task = { trainsHead: { task_type: 'SEQ_CLS' } };
const host = { base: { [partsKey]: { info: { task } } } } as unknown as ProfileHost;

test('new settings write only lists that they change', () => {
  const state = { ...freshState({ settings: usualSettings } as ProfileState), seen: 2 };
  const examples = [0, 1].map((n) => ({ n, example: { text: `${n}` } }));
  const data = { examples, feedback: [] };
  expect(withSettings(host, state, data, { max_examples: 2 }).data).toEqual({});
  expect(withSettings(host, state, data, { max_examples: 1 }).data).toEqual({ examples: [expect.anything()] });
});

describe('an argument that is undefined', () => {
  test("is the profile's in a run", () => {
    const own = { args: nothing, preferences: nothing, ratings: nothing };
    expect(learnArguments(settings, own)).toStrictEqual({ args, preferences: {}, ratings: {} });
    const unsaved = { save_strategy: 'no' };
    expect(learnArguments({ ...settings, keep_examples: false }, own)).toStrictEqual({
      args: { ...args, ...unsaved },
      preferences: unsaved,
      ratings: unsaved,
    });
  });

  test("is the profile's in a prediction", () => {
    const state = { settings } as ProfileState;
    expect(lengthIn(state, nothing)).toEqual({ max_length: 32 });
    expect(lengthIn(state, { max_length: 5 })).toEqual({ max_length: 5 });
    const usual = { settings: usualSettings } as ProfileState;
    expect(lengthIn(usual, nothing as PredictOptions)).toEqual({ max_length: 1024 });
    expect(lengthIn(usual, {})).toEqual({ max_length: resolveTrainingArguments(usualSettings.args).max_length });
  });

  test('is not stored', () => {
    const state = freshState({ settings: usualSettings } as ProfileState);
    const options = { args: nothing, peft_config: { task_type: undefined } as object };
    const { state: next } = withSettings(host, state, noData, options);
    expect(next.settings).toStrictEqual(usualSettings);
  });
});
