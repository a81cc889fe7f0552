import { afterAll, expect, test } from 'vitest';
import {
  type AdapterFiles,
  AutoModelForCausalLM,
  Trainer,
  type TrainingArguments,
  VeraModel,
} from '../../../src/index';
import { edited } from '../../helpers/bytes/edited';
import { goldenBase } from '../../helpers/golden/golden';
import { logitsOf, randomVera, savedOf } from '../../helpers/peft';
import { openTestSession } from '../../helpers/session/session';

const opened = await openTestSession();
const { session } = opened;
const base = await AutoModelForCausalLM.from_pretrained(goldenBase('base/llama'), { session });
afterAll(() => session.close());

const random = await randomVera(base, { r: 8, target_modules: ['q_proj', 'v_proj', 'down_proj'] });
const files = await random.save_pretrained();
const input_ids = [5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16];

async function dropping(vera_dropout: number): Promise<VeraModel> {
  const changed: AdapterFiles = await edited(files, { config: (json) => Object.assign(json, { vera_dropout }) });
  return VeraModel.from_pretrained(base, changed, { is_trainable: true });
}

/** Trains four steps on the same row. Returns each step's loss, computed before the step's update. */
async function losses(model: VeraModel, args: TrainingArguments = {}): Promise<number[]> {
  const found: number[] = [];
  const settings = { max_steps: 4, learning_rate: 1e-2, warmup_ratio: 0, ...args };
  for await (const event of new Trainer({ model, args: settings, train_dataset: [{ input_ids }] }).train()) {
    if (event.type === 'log') found.push(event.logs.loss);
  }
  return found;
}

test('evaluation drops nothing', async () => {
  const model = await dropping(0.5);
  expect(model.peft_config.default?.vera_dropout).toBe(0.5);
  expect(await logitsOf(model)).toEqual(await logitsOf(random));
});

test('training drops, by the seed, with another mask at each step', async () => {
  const still = { learning_rate: 0 };
  const whole = await losses(await dropping(0), still);
  expect(new Set(whole).size).toBe(1);
  const half = await losses(await dropping(0.5), still);
  expect(new Set([...half, ...whole]).size).toBe(5);
  expect(await losses(await dropping(0.5), still)).toEqual(half);
  expect(await losses(await dropping(0.5), { ...still, seed: 7 })).not.toEqual(half);
});

test('at 1 the whole branch is dropped: the base model’s loss, and nothing learns', async () => {
  const { loss } = await base.forward({ input_ids: [input_ids], labels: [input_ids] });
  const model = await dropping(1);
  const before = await savedOf(model);
  for (const step of await losses(model)) expect(Math.abs(step - loss!)).toBeLessThanOrEqual(1e-5);
  expect(await savedOf(model)).toEqual(before);
});
