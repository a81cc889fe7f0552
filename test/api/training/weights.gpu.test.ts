import { describe, expect, test } from 'vitest';
import {
  type Example,
  export_run,
  get_peft_model,
  type StepLogs,
  Trainer,
  type TrainingArguments,
  VeraConfig,
  type VeraModel,
} from '../../../src/index';
import { toArray } from '../../helpers/bytes/to_array';
import { loadTiny, tinyRow } from '../../helpers/models/tiny_llama';
import { weightsOf } from '../../helpers/models/tiny_training';
import { type TestSession, within } from '../../helpers/session/session';

const args: TrainingArguments = { max_steps: 1, learning_rate: 0.05, shuffle: false, save_strategy: 'no' };
/** Rows of different lengths. */
const long = tinyRow(30, 1);
const short = tinyRow(12, 2);

async function adapted(opened: TestSession): Promise<VeraModel> {
  return get_peft_model(await loadTiny(opened), new VeraConfig({ r: 8, target_modules: ['q_proj', 'v_proj'] }));
}

/** Returns the logs of one step over both rows, in one batch or one after the other. */
async function step(weights: readonly [number, number], more: TrainingArguments = {}): Promise<StepLogs> {
  return within({}, async (opened) => {
    const model = await adapted(opened);
    const [ofLong, ofShort] = weights;
    const train_dataset = [
      { ...long, weight: ofLong },
      { ...short, weight: ofShort },
    ];
    const run = new Trainer({
      model,
      args: { per_device_train_batch_size: 2, ...args, ...more },
      train_dataset,
    }).train();
    const [logs] = (await toArray(run)).flatMap((event) => (event.type === 'log' ? [event.logs] : []));
    if (logs === undefined) throw new Error('Expected a step');
    return logs;
  });
}

async function trained(train_dataset: readonly Example[]): Promise<Uint8Array> {
  return within({}, async (opened) => {
    const model = await adapted(opened);
    await new Trainer({ model, args: { ...args, max_steps: 3 }, train_dataset }).train();
    return weightsOf(model);
  });
}

describe('the weights of examples', () => {
  test('are factors of their losses and gradients', async () => {
    const [both, first, second] = [await step([1, 1]), await step([1, 0]), await step([0, 1])];
    const mixed = await step([2, 0.5]);
    expect(first.loss + second.loss).toBeCloseTo(both.loss, 5);
    expect(mixed.loss).toBeCloseTo(2 * first.loss + 0.5 * second.loss, 5);
    // |2a + b/2|² = |a + b|² + 3|a|² − ¾|b|², for the gradients a and b.
    const [a, b, sum] = [first.grad_norm ** 2, second.grad_norm ** 2, both.grad_norm ** 2];
    expect(a).toBeGreaterThan(0);
    expect(b).toBeGreaterThan(0);
    expect(mixed.grad_norm ** 2 / (sum + 3 * a - 0.75 * b)).toBeCloseTo(1, 4);
  });

  test('count alike in batches and in accumulated ones', async () => {
    const whole = await step([2, 0.5]);
    const parts = await step([2, 0.5], { per_device_train_batch_size: 1, gradient_accumulation_steps: 2 });
    expect(parts.loss).toBeCloseTo(whole.loss, 5);
    expect(parts.grad_norm).toBeCloseTo(whole.grad_norm, 5);
  });

  test('of 1 leave the same bytes as none, and others do not', async () => {
    const plain = await trained([long, short]);
    expect(await trained([{ ...long, weight: 1 }, short])).toEqual(plain);
    expect(await trained([{ ...long, weight: 0.5 }, short])).not.toEqual(plain);
  });

  test('are refused in a run that goes on in Python, whose loss has none', async () => {
    await within({}, async (opened) => {
      const model = await adapted(opened);
      const train_dataset = [{ ...long, weight: 0.5 }, short];
      const trainer = new Trainer({ model, args: { ...args, max_steps: 4 }, train_dataset });
      await expect(export_run({ model, trainer })).rejects.toThrow(
        'export_run: expected examples without a weight, got one of 0.5',
      );
    });
  });

  test('do not change what an evaluation measures', async () => {
    await within({}, async (opened) => {
      const model = await adapted(opened);
      const measure = (eval_dataset: readonly Example[]) =>
        new Trainer({ model, args, train_dataset: [long], eval_dataset }).evaluate();
      const { eval_loss } = await measure([long, short]);
      expect(await measure([{ ...long, weight: 0 }, short])).toMatchObject({ eval_loss });
    });
  });
});
