import { describe, expect, onTestFinished, test } from 'vitest';
import {
  DPOTrainer,
  get_peft_model,
  KTOTrainer,
  type TrainerCallback,
  type TrainRun,
  VeraConfig,
  type VeraModel,
} from '../../../src/index';
import { toArray } from '../../helpers/bytes/to_array';
import { eventually } from '../../helpers/eventually';
import { goldenDpo, goldenKto, loadTexts } from '../../helpers/golden/golden_preferences';
import { weightsOf } from '../../helpers/models/tiny_training';
import { lose, recoveries } from '../../helpers/session/losing_runs';
import { openTestSession, type TestSession, within } from '../../helpers/session/session';

const twice = <T>(examples: readonly T[]): T[] => [...examples, ...examples];
const pairs = twice(goldenDpo.examples.slice(0, 8));
const ratings = twice(goldenKto.examples.slice(0, 8));
const args = { per_device_train_batch_size: 2, learning_rate: 0.05, max_steps: 8, save_strategy: 'no' } as const;
const kinds = ['dpo', 'kto'] as const;
type Kind = (typeof kinds)[number];

function trainer(kind: Kind, model: VeraModel, callbacks: readonly TrainerCallback[] = []) {
  if (kind === 'dpo') return new DPOTrainer({ model, train_dataset: pairs, args, callbacks: [...callbacks] });
  return new KTOTrainer({ model, train_dataset: ratings, args, callbacks: [...callbacks] });
}

async function adapted(opened: TestSession): Promise<VeraModel> {
  return get_peft_model(await loadTexts(opened), new VeraConfig({ r: 4, target_modules: ['q_proj', 'v_proj'] }));
}

const undisturbed = (kind: Kind): Promise<Uint8Array> =>
  within({}, async (opened) => {
    const model = await adapted(opened);
    await trainer(kind, model).train();
    return weightsOf(model);
  });

interface Interrupted {
  readonly run: TrainRun;
  readonly model: VeraModel;
  /** Resolves at the second of the eight batches in which the base model computes the log probabilities that the run compares with. */
  readonly inPass: Promise<void>;
}

async function interrupted(opened: TestSession, kind: Kind): Promise<Interrupted> {
  const model = await adapted(opened);
  let begin: () => void = () => {};
  const begun = new Promise<void>((resolve) => {
    begin = resolve;
  });
  const run = trainer(kind, model, [{ on_train_begin: () => begin() }]).train();
  // Delayed reads slow the pass down, so that the test can act before it ends.
  opened.delayReads(20);
  const inPass = begun.then(async () => {
    const before = opened.calls('submit');
    while (opened.calls('submit') < before + 2) await new Promise((resolve) => setTimeout(resolve, 1));
  });
  return { run, model, inPass };
}

test('a run of ratings resumes with another batch size, and compares other texts with the base model', async () => {
  await within({}, async (opened) => {
    const model = await adapted(opened);
    const still = { ...args, learning_rate: 0, save_strategy: 'steps' } as const;
    const callbacks: TrainerCallback[] = [
      {
        on_step_end: (_, __, control) => {
          control.should_training_stop = true;
        },
      },
    ];
    await new KTOTrainer({ model, train_dataset: ratings, args: still, callbacks }).train();
    const larger = { ...still, per_device_train_batch_size: 4 };
    const run = new KTOTrainer({ model, train_dataset: ratings, args: larger }).train({ resume_from_checkpoint: true });
    await run;
    const { log_history } = run.state;
    expect((await toArray(run)).map(({ type }) => type)).toContain('restored');
    expect(opened.warnings).toContain('other_arguments');
    expect(log_history.at(-1)).toMatchObject({ step: 8, kl: 0 });
    expect(log_history.map(({ kl }) => kl)).toEqual(Array(8).fill(0));
  });
});

describe.each(kinds)('while the base model gives a run of %s its reference', (kind) => {
  test('the device is lost: the run begins again, with the same bytes', async () => {
    await within({}, async (opened) => {
      const { run, model, inPass } = await interrupted(opened, kind);
      await inPass;
      lose(opened);
      await run;
      const events = await toArray(run);
      expect(recoveries(events)).toMatchObject([{ cause: 'device_lost', repeatedSteps: 0, state: { global_step: 0 } }]);
      const types = events.map(({ type }) => type);
      expect(types.indexOf('recovered')).toBeLessThan(types.indexOf('log'));
      expect(await weightsOf(model)).toEqual(await undisturbed(kind));
    });
  });

  test('it pauses, and goes on with the same bytes', async () => {
    await within({}, async (opened) => {
      const { run, model, inPass } = await interrupted(opened, kind);
      await inPass;
      await run.pause();
      expect(run.state.global_step).toBe(0);
      const submits = opened.calls('submit');
      for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setTimeout(resolve, 1));
      expect(opened.calls('submit')).toBe(submits);
      await run.resume();
      await run;
      const types = (await toArray(run)).map(({ type }) => type);
      expect(types.filter((type) => type === 'paused' || type === 'log')).toEqual(['paused', ...Array(8).fill('log')]);
      expect(await weightsOf(model)).toEqual(await undisturbed(kind));
    });
  });

  test('it is stopped, with the vectors as they were', async () => {
    await within({}, async (opened) => {
      const { run, model, inPass } = await interrupted(opened, kind);
      const before = await weightsOf(model);
      await inPass;
      await run.stop();
      expect(await run).toMatchObject({ global_step: 0 });
      expect(await weightsOf(model)).toEqual(before);
    });
  });

  test('it is cancelled: its memory is freed, and the next run learns', async () => {
    const opened = await openTestSession();
    onTestFinished(() => opened.session.close());
    const model = await adapted(opened);
    const held = opened.storageBytes();
    const cancel = new AbortController();
    const run = trainer(kind, model, [{ on_train_begin: () => cancel.abort(new Error('enough')) }]).train({
      signal: cancel.signal,
    });
    await expect(run).rejects.toThrow('enough');
    await eventually(() => expect(opened.storageBytes()).toBe(held));
    await trainer(kind, model).train();
    expect(await weightsOf(model)).toEqual(await undisturbed(kind));
  });
});
