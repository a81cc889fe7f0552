import { IDBFactory } from 'fake-indexeddb';
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { export_run, get_peft_model, type TrainEvent, type TrainRun, VeraConfig } from '../../../src/index';
import { toArray } from '../../helpers/bytes/to_array';
import { loadTiny, tinyRow } from '../../helpers/models/tiny_llama';
import { pass, tinyTrainer } from '../../helpers/models/tiny_training';
import {
  type RunOutcome,
  type RunPlan,
  resumedArgs,
  resumedRows,
  stopAt,
  trained,
} from '../../helpers/session/resumed_run';
import { openTestSession } from '../../helpers/session/session';

/** Each evaluation has many batches, so that the test can act during it. */
const BATCHES = 60;
const init = {
  eval_dataset: Array.from({ length: 2 * BATCHES }, (_, index) => tinyRow(10 + (index % 9), index)),
  args: { max_steps: 4, eval_strategy: 'steps', eval_steps: 2, load_best_model_at_end: true, save_steps: 1 },
} as const satisfies RunPlan['init'];

/** Waits until the run's first evaluation begins. */
async function measuring(run: TrainRun): Promise<void> {
  for await (const event of run) if (event.type === 'log' && event.logs.step === 2) return;
}

/** Returns the metrics of all evaluations. */
const evaluations = (events: readonly TrainEvent[]) =>
  events.flatMap((event) => (event.type === 'evaluate' ? [event.metrics] : []));
const resultOf = ({ events, weights }: RunOutcome) => ({ evaluations: evaluations(events), weights });

let whole: ReturnType<typeof resultOf>;
beforeAll(async () => {
  whole = resultOf(await trained({ init }));
  expect(whole.evaluations).toHaveLength(2);
});
beforeEach(() => {
  vi.stubGlobal('indexedDB', new IDBFactory());
});
afterEach(() => {
  vi.unstubAllGlobals();
});

/** Begins a run with evaluations on a device that counts submits. */
async function begun() {
  const opened = await openTestSession();
  const model = await get_peft_model(await loadTiny(opened), new VeraConfig({ r: 8, target_modules: ['q_proj'] }));
  const trainer = tinyTrainer(model, { ...init, train_dataset: resumedRows, args: { ...resumedArgs, ...init.args } });
  const run = trainer.train();
  await measuring(run);
  return { opened, model, trainer, run };
}

describe('during an evaluation of a run', () => {
  test('a pause acts between two batches, and the metrics are the same', async () => {
    const types: string[] = [];
    const paused = await trained({
      init,
      async meanwhile(run) {
        await measuring(run);
        await run.pause();
        for await (const { type } of run) {
          types.push(type);
          if (type === 'paused') break;
        }
        await run.resume();
      },
    });
    expect(types).not.toContain('evaluate');
    expect(resultOf(paused)).toEqual(whole);
  });

  test('nothing is submitted in a pause, and the state can be exported', async () => {
    const { opened, model, trainer, run } = await begun();
    const before = opened.calls('submit');
    await run.pause();
    const at = opened.calls('submit');
    expect(at - before).toBeLessThan(BATCHES);
    await pass(60);
    expect(opened.calls('submit')).toBe(at);
    const files = await export_run({ model, trainer });
    expect(JSON.parse(await files.get('run.json')!.text())).toMatchObject({ step: 2 });
    await run.resume();
    expect((await run).global_step).toBe(4);
    await opened.session.close();
  });

  test("the run's state is exported without waiting for the end of the evaluation", async () => {
    const { opened, model, trainer, run } = await begun();
    const evaluated = (async () => {
      for await (const { type } of run) if (type === 'evaluate') return;
    })();
    expect(await Promise.race([export_run({ model, trainer }), evaluated])).toBeInstanceOf(Map);
    expect((await run).global_step).toBe(4);
    await opened.session.close();
  });

  test('a stop ends the evaluation between two batches', async () => {
    const { opened, run } = await begun();
    const before = opened.calls('submit');
    expect((await run.stop()).global_step).toBe(2);
    expect(opened.calls('submit') - before).toBeLessThan(BATCHES);
    expect(evaluations(await toArray(run))).toEqual([]);
    await opened.session.close();
  });

  test.each<[string, (run: TrainRun) => Promise<unknown>]>([
    ['stopped', stopAt(2)],
    [
      'paused and stopped',
      async (run) =>
        measuring(run)
          .then(() => run.pause())
          .then(() => run.stop()),
    ],
  ])('a run that is %s repeats the evaluation when it resumes', async (_, meanwhile) => {
    const first = await trained({ init, meanwhile });
    expect(evaluations(first.events)).toEqual([]);
    expect(resultOf(await trained({ init, resume: true }))).toEqual(whole);
  });
});
