import { IDBFactory } from 'fake-indexeddb';
import { describe, expect, test, vi } from 'vitest';
import {
  type DPOConfig,
  DPOTrainer,
  type DPOTrainerInit,
  export_run,
  get_peft_model,
  type KTOConfig,
  KTOTrainer,
  type StepLogs,
  Trainer,
  type TrainRun,
  VeraConfig,
  type VeraConfigInit,
  type VeraModel,
} from '../../../src/index';
import { toArray } from '../../helpers/bytes/to_array';
import { goldenDpo, goldenKto, loadTexts } from '../../helpers/golden/golden_preferences';
import { weightsOf } from '../../helpers/models/tiny_training';
import { oneBrowser } from '../../helpers/session/one_browser';
import { type TestSession, within } from '../../helpers/session/session';

const pairs = goldenDpo.examples.slice(0, 8);
const ratings = goldenKto.examples.slice(0, 9);
const config: VeraConfigInit = { r: 4, target_modules: ['q_proj', 'v_proj'] };
const args: DPOConfig = {
  per_device_train_batch_size: 2,
  learning_rate: 0.05,
  lr_scheduler_type: 'constant',
  save_strategy: 'no',
};
const kinds = ['dpo', 'kto'] as const;
type Kind = (typeof kinds)[number];

async function adapted(opened: TestSession, more: VeraConfigInit = {}): Promise<VeraModel> {
  return get_peft_model(await loadTexts(opened), new VeraConfig({ ...config, ...more }));
}

function dpo(model: VeraModel, more: DPOConfig = {}, init: Partial<DPOTrainerInit> = {}): DPOTrainer {
  return new DPOTrainer({ model, train_dataset: pairs, eval_dataset: pairs, ...init, args: { ...args, ...more } });
}

function kto(model: VeraModel, more: KTOConfig = {}): KTOTrainer {
  const all = { ...args, ...more } as KTOConfig;
  return new KTOTrainer({ model, train_dataset: ratings, eval_dataset: ratings, args: all });
}

const trainerOf = (kind: Kind, model: VeraModel, more: DPOConfig & KTOConfig = {}): Trainer =>
  kind === 'dpo' ? dpo(model, more) : kto(model, more);

/** Runs `body` with a new adapter, in a session of its own. The adapter always has the same initial values. */
function fresh<T>(body: (model: VeraModel, opened: TestSession) => Promise<T>, more?: VeraConfigInit): Promise<T> {
  return within({}, async (opened) => body(await adapted(opened, more), opened));
}

async function logsOf(run: TrainRun): Promise<readonly StepLogs[]> {
  await run;
  return run.state.log_history;
}

describe('what is learnt', () => {
  test('chosen texts become likelier than rejected ones, which evaluations report by TRL’s names', async () => {
    await fresh(async (model) => {
      const before = await dpo(model).evaluate();
      // A new adapter doesn't change the base model's results yet, so the loss is ln 2.
      expect(before.eval_loss).toBeCloseTo(Math.LN2, 5);
      expect(before).toMatchObject({ 'rewards/chosen': 0, 'rewards/rejected': 0, 'rewards/margins': 0, eval_pairs: 8 });
      expect(before['logps/chosen']).toBeLessThan(0);
      await dpo(model, { num_train_epochs: 15, beta: 0.5 }).train();
      const after = await dpo(model).evaluate();
      expect(after['rewards/accuracies']).toBe(1);
      expect(after['rewards/margins']).toBeGreaterThan(0.1);
      expect(after.eval_loss).toBeLessThan(0.65);
      expect(after['rewards/margins']).toBeCloseTo(after['rewards/chosen']! - after['rewards/rejected']!, 6);
    });
  });

  test('good texts become likelier, and others less likely', async () => {
    await fresh(async (model) => {
      const before = await kto(model).evaluate();
      expect(before).toMatchObject({ kl: 0, 'rewards/margins': 0, eval_ratings: 9 });
      expect(before.eval_loss).toBeCloseTo(0.5, 5);
      await kto(model, { num_train_epochs: 15, per_device_train_batch_size: 3, beta: 0.5 }).train();
      const after = await kto(model).evaluate();
      expect(after['rewards/chosen']).toBeGreaterThan(0);
      expect(after['rewards/rejected']).toBeLessThan(0);
    });
  });

  test('messages are rendered by the chat template, and refused without one', async () => {
    await fresh(async (model) => {
      const prompt = [{ role: 'user', content: 'Go' }];
      const answer = (content: string) => [{ role: 'assistant', content }];
      const chat = { prompt, chosen: answer('home'), rejected: answer('away') };
      await expect(dpo(model, {}, { train_dataset: [chat] }).train()).rejects.toMatchObject({
        code: 'invalid_argument',
        message: expect.stringMatching(/^example 0: .*chat template/),
      });
    });
  });
});

test('pairs of an eval_dataset that are left out are counted once in a run', async () => {
  await fresh(async (model, { session }) => {
    const messages: string[] = [];
    session.addEventListener('warning', ({ message }) => messages.push(message));
    const long = { prompt: 'Call me Ishmael. '.repeat(30), chosen: ' a', rejected: ' b' };
    const more: DPOConfig = { max_length: 32, max_steps: 2, eval_strategy: 'steps', eval_steps: 1 };
    const trainer = dpo(model, more, { eval_dataset: [...pairs, long] });
    const leftOut = [expect.stringMatching(/^eval_dataset: 1 of 9 examples are left out: /)];
    await trainer.train();
    expect(messages).toEqual(leftOut);
    await trainer.evaluate();
    expect(messages).toEqual([...leftOut, ...leftOut]);
  });
});

describe.each(kinds)('a step of %s', (kind) => {
  test('gradient checkpointing gives the same bytes', async () => {
    const trained = (gradient_checkpointing: boolean): Promise<Uint8Array> =>
      fresh(async (model) => {
        await trainerOf(kind, model, { gradient_checkpointing, max_steps: 3 }).train();
        return weightsOf(model);
      });
    expect(await trained(true)).toEqual(await trained(false));
  });

  test('micro-batches add up to the mean over all of the step', async () => {
    const still = { learning_rate: 1e-30, shuffle: false };
    const alone = await fresh((model) => logsOf(trainerOf(kind, model, { ...still, max_steps: 4 }).train()));
    const together = await fresh((model) =>
      logsOf(trainerOf(kind, model, { ...still, gradient_accumulation_steps: 2, max_steps: 2 }).train()),
    );
    for (const [step, { loss }] of together.entries()) {
      expect(loss).toBeCloseTo((alone[2 * step]!.loss + alone[2 * step + 1]!.loss) / 2, 6);
    }
  });

  test('clipping and beta count; dropout is off', async () => {
    const trained = (more: DPOConfig, adapter: VeraConfigInit = {}): Promise<Uint8Array> =>
      fresh(async (model) => {
        await trainerOf(kind, model, { max_steps: 3, ...more }).train();
        return weightsOf(model);
      }, adapter);
    const plain = await trained({});
    expect(await trained({ beta: 0.1 })).toEqual(plain);
    expect(await trained({ beta: 0.7 })).not.toEqual(plain);
    expect(await trained({ max_grad_norm: 1e-9 })).not.toEqual(plain);
    // If dropout took effect, its masks would differ between the two seeds.
    const dropping = [1, 2].map((seed) => trained({ seed, shuffle: false }, { vera_dropout: 0.5 }));
    expect(await dropping[0]).toEqual(await dropping[1]);
  });

  test('a run evaluates itself, and keeps the best', async () => {
    await fresh(async (model) => {
      const plan = { eval_strategy: 'steps', eval_steps: 2, load_best_model_at_end: true, max_steps: 6 } as const;
      const run = trainerOf(kind, model, { ...plan, metric_for_best_model: 'rewards/margins' }).train();
      await run;
      const margins = run.state.eval_history.map(({ metrics }) => metrics['rewards/margins']!);
      expect(margins).toHaveLength(3);
      expect(run.state.best_metric).toBe(Math.max(...margins));
      expect((await trainerOf(kind, model).evaluate())['rewards/margins']).toBe(run.state.best_metric);
    });
  });

  test('a rate that drives vectors out of bounds is halved', async () => {
    await fresh(async (model) => {
      const run = trainerOf(kind, model, { learning_rate: 3e4, max_steps: 1 }).train();
      await run;
      const recovered = (await toArray(run)).filter(({ type }) => type === 'recovered');
      expect(recovered).toHaveLength(2);
      expect(run.state.log_history).toHaveLength(1);
    });
  });
});

describe.each(kinds)('a run of %s that is gone on with', (kind) => {
  oneBrowser();

  test.each([3, 6])('from step %i gives the same bytes and logs', async (stopAt) => {
    const trained = (step?: number) =>
      within({ store: 'auto' }, async (opened) => {
        const model = await adapted(opened);
        const plan = { max_steps: 9, save_strategy: 'steps', save_steps: 2, logging_steps: 1 } as const;
        const run = trainerOf(kind, model, plan).train({ resume_from_checkpoint: true });
        for await (const event of run) {
          if (event.type === 'log' && event.state.global_step === step) await run.stop({ save: true });
        }
        const logs = (await logsOf(run)).map(({ tokens_per_second: _, seconds_left: __, ...numbers }) => numbers);
        return { weights: await weightsOf(model), logs };
      });
    const cut = await trained(stopAt);
    const resumed = await trained();
    vi.stubGlobal('indexedDB', new IDBFactory());
    expect(resumed).toEqual(await trained());
    expect(resumed.weights).not.toEqual(cut.weights);
    expect(resumed.logs).toHaveLength(9);
  });
});

describe('refused', () => {
  test('to go on in Python with weights, and pairs in a Trainer', async () => {
    await fresh(async (model) => {
      const weighted = pairs.map((pair, index) => ({ ...pair, weight: index === 2 ? 0.5 : 1 }));
      await expect(
        export_run({ model, trainer: dpo(model, { max_steps: 4 }, { train_dataset: weighted }) }),
      ).rejects.toThrow('export_run: expected examples without a weight, got one of 0.5');
      await expect(new Trainer({ model, train_dataset: pairs }).train()).rejects.toThrow(
        'example 0: expected a text to be continued, got a pair of texts',
      );
      await expect(new Trainer({ model, train_dataset: ratings }).train()).rejects.toThrow(
        'example 0: expected a text to be continued, got a rated one',
      );
    });
  });
});
