import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  get_peft_model,
  type PreTrainedModel,
  type TrainerCallback,
  type TrainerControl,
  type TrainerState,
  type TrainingArguments,
  type VeraModel,
} from '../../../src/index';
import { toArray } from '../../helpers/bytes/to_array';
import { loadTiny, tinyVera } from '../../helpers/models/tiny_llama';
import { expectToTrain, tinyRows, tinyTrainer } from '../../helpers/models/tiny_training';
import { openTestSession, type TestSession } from '../../helpers/session/session';

let opened: TestSession;
let plain: PreTrainedModel;
beforeAll(async () => {
  opened = await openTestSession();
  plain = await loadTiny(opened);
});
afterAll(() => opened.session.close());

const fresh = (): Promise<VeraModel> => get_peft_model(plain, tinyVera);

describe('callbacks', () => {
  test('ask for an evaluation, whatever eval_strategy is', async () => {
    const asking: TrainerCallback = {
      on_step_end(_, { global_step }, control) {
        control.should_evaluate = global_step === 2;
      },
    };
    const run = tinyTrainer(await fresh(), {
      args: { max_steps: 4 },
      eval_dataset: tinyRows,
      callbacks: [asking],
    }).train();
    const evaluated = (await toArray(run)).flatMap((event) =>
      event.type === 'evaluate' ? [event.state.global_step] : [],
    );
    expect(evaluated).toHaveLength(1);
  });

  const last: TrainingArguments = { num_train_epochs: 1, logging_steps: 100, save_strategy: 'no' };

  test.each(['on_step_end', 'on_epoch_end'] as const)('are answered at the last step: %s', async (hook) => {
    const asking: TrainerCallback = {
      [hook]: (_: unknown, { global_step }: TrainerState, control: TrainerControl) => {
        control.should_log = control.should_evaluate = control.should_save = global_step === 3;
      },
    };
    const run = tinyTrainer(await fresh(), { args: last, eval_dataset: tinyRows, callbacks: [asking] }).train();
    const answers = (await toArray(run)).map(({ type, state }) => `${type} ${state.global_step}`);
    expect(answers.filter((one) => !one.startsWith('reading'))).toEqual(['log 3', 'evaluate 3', 'save 3']);
  });

  test.each(['no', 'epoch'] as const)('that stop the run and ask for an evaluation get both: %s', async (strategy) => {
    const asking: TrainerCallback = {
      on_step_end: (_, { global_step }, control) => {
        control.should_training_stop = control.should_evaluate = global_step === 2;
      },
    };
    const args: TrainingArguments = { ...last, num_train_epochs: 100, eval_strategy: strategy };
    const run = tinyTrainer(await fresh(), { args, eval_dataset: tinyRows, callbacks: [asking] }).train();
    const { global_step } = await run;
    const steps = (await toArray(run)).flatMap(({ type, state }) => (type === 'evaluate' ? [state.global_step] : []));
    expect(global_step).toBeLessThan(10);
    expect(steps.at(-1)).toBe(global_step);
  });

  test('are answered after the last evaluation, once', async () => {
    const asking: TrainerCallback = {
      on_evaluate: (_, __, control) => {
        control.should_log = control.should_evaluate = control.should_save = true;
      },
    };
    const args: TrainingArguments = { ...last, eval_strategy: 'epoch' };
    const run = tinyTrainer(await fresh(), { args, eval_dataset: tinyRows, callbacks: [asking] }).train();
    const answers = (await toArray(run)).map(({ type, state }) => `${type} ${state.global_step}`);
    expect(answers.filter((one) => !one.startsWith('reading'))).toEqual(['evaluate 3', 'log 3', 'save 3']);
  });

  test('that ask for no evaluation leave the evaluation data unread', async () => {
    const seen: string[] = [];
    function* rows() {
      seen.push('read');
      yield* tinyRows;
    }
    const callbacks: TrainerCallback[] = [{ on_log: () => void seen.push('log') }];
    const trainer = tinyTrainer(await fresh(), { args: { max_steps: 2 }, eval_dataset: rows(), callbacks });
    await trainer.train();
    expect(seen).toEqual(['log', 'log']);
    expect(await trainer.evaluate()).toHaveProperty('eval_loss');
  });

  test('come in the order of transformers', async () => {
    const calls: string[] = [];
    const note = (name: string) => (_: unknown, state: { global_step: number }) =>
      calls.push(`${name} ${state.global_step}`);
    const run = tinyTrainer(await fresh(), {
      args: { num_train_epochs: 2, logging_steps: 3 },
      callbacks: [
        {
          on_train_begin: note('train begin'),
          on_epoch_begin: note('epoch begin'),
          on_step_end: note('step end'),
          on_log: note('log'),
          on_epoch_end: note('epoch end'),
          on_train_end: note('train end'),
        },
      ],
    }).train();
    expect(await run).toMatchObject({ global_step: 6, metrics: { epoch: 2 } });
    const begins = calls.filter((call) => call.startsWith('epoch begin'));
    expect(begins).toHaveLength(2);
    // The next epoch may begin before the last steps of this one are logged.
    expect(calls.filter((call) => !begins.includes(call))).toEqual([
      'train begin 0',
      'step end 1',
      'step end 2',
      'log 3',
      'step end 3',
      'epoch end 3',
      'step end 4',
      'step end 5',
      'log 6',
      'step end 6',
      'epoch end 6',
      'train end 6',
    ]);
  });

  test('should_training_stop ends the run, should_log requests one log', async () => {
    const begun: number[] = [];
    const run = tinyTrainer(await fresh(), {
      args: { max_steps: 100, logging_steps: 1000, save_strategy: 'no' },
      callbacks: [
        {
          on_step_begin: (_, state) => begun.push(state.global_step),
          on_step_end: (_, { global_step }, control) => {
            control.should_log = global_step === 2;
            control.should_training_stop = global_step === 4;
          },
        },
      ],
    }).train();
    const output = await run;
    expect(output.global_step).toBe(begun.length);
    expect(output.global_step).toBeGreaterThanOrEqual(4);
    expect(output.global_step).toBeLessThanOrEqual(6);
    expect((await toArray(run)).map((event) => event.type === 'log' && event.logs.step)).toEqual([3]);
  });

  test.each([
    ['that throws', 'on_step_end', 50],
    ['that throws at the last step', 'on_epoch_end', 3],
  ])('one %s ends the run with its error', async (_, hook, max_steps) => {
    const model = await fresh();
    const oops = new Error('oops');
    const throwing = {
      [hook]() {
        throw oops;
      },
    };
    const run = tinyTrainer(model, { args: { max_steps }, callbacks: [throwing] }).train();
    await expect(Promise.resolve(run)).rejects.toBe(oops);
    await expectToTrain(model);
  });
});
