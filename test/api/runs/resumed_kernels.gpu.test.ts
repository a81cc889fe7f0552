import { describe, expect, test } from 'vitest';
import { adapters, get_peft_model, type TrainerInit, VeraConfig } from '../../../src/index';
import { toArray } from '../../helpers/bytes/to_array';
import { loadTiny, tinyRow } from '../../helpers/models/tiny_llama';
import { tinyTrainer, weightsOf } from '../../helpers/models/tiny_training';
import { oneBrowser } from '../../helpers/session/one_browser';
import { resumedAdapter, resumedArgs, resumedRows, stopAt, trained, typesOf } from '../../helpers/session/resumed_run';
import { within } from '../../helpers/session/session';

oneBrowser();

describe('kernels of a run that is resumed', () => {
  test('are those of its beginning, even if the session would choose others', async () => {
    const tuned = { kernels: 'tuned' } as const;
    const first = await trained({ session: tuned, meanwhile: stopAt(5) });
    expect(Object.keys(first.kernels.variants).length).toBeGreaterThan(0);
    const init: Partial<TrainerInit> = { args: { save_strategy: 'no' } };
    const table = await trained({ init, resume: true });
    expect(table.kernels.variants).toEqual({}); // the session's default kernels
    const again = await trained({ init, session: tuned, resume: `checkpoint-${first.logs.length}` });
    expect(again.kernels).toEqual(first.kernels);
    expect(again.weights).toEqual(table.weights);
    // An uninterrupted run with these kernels has the same weights.
    expect((await trained({ init, session: { kernels: first.kernels } })).weights).toEqual(table.weights);
    expect([...table.warnings, ...again.warnings]).not.toContain('other_kernels');
  });

  test('stay those of the table if it began with them, though the session would tune', async () => {
    const straight = await trained({ init: { args: { save_strategy: 'no' } } });
    await trained({ meanwhile: stopAt(5) });
    const tuned = await trained({ session: { kernels: 'tuned' }, resume: true });
    expect(tuned.kernels.variants).toEqual({});
    expect(tuned.weights).toEqual(straight.weights);
  });

  test('that the page has chosen stay, with a warning', async () => {
    const { kernels } = await trained({ meanwhile: stopAt(5) });
    const chosen = { ...kernels, variants: { linear: 'register' } };
    const other = await trained({ session: { kernels: chosen }, resume: true });
    expect(other.kernels).toEqual(chosen);
    expect(other.warnings).toContain('other_kernels');
    expect(other.logs.at(-1)!.step).toBe(12);
  });
});

test('stay the same, even if another run is resumed with others', async () => {
  const lengths = [10, 80, 150].map((length, index) => tinyRow(length, index));
  const init: Partial<TrainerInit> = {
    train_dataset: lengths,
    args: { per_device_train_batch_size: 1, shuffle: false },
  };
  const straight = await trained({ init });
  const { kernels } = await trained({ session: { store: 'memory' }, init: { args: { max_steps: 1 } } });
  const others = { ...kernels, variants: { linear: 'register', attention: 'workgroup' } };
  await trained({ session: { kernels: others }, config: { r: 4 }, meanwhile: stopAt(3) });
  await within({ store: 'auto' }, async (opened) => {
    const base = await loadTiny(opened);
    const model = await get_peft_model(base, new VeraConfig(resumedAdapter));
    const run = tinyTrainer(model, { ...init, args: { ...resumedArgs, ...init.args, save_strategy: 'no' } }).train();
    for await (const { type } of run) if (type === 'log') break;
    await run.pause(); // by now, at most two of three lengths are loaded
    const other = await get_peft_model(base, new VeraConfig({ ...resumedAdapter, r: 4 }));
    const resumed = tinyTrainer(other, { train_dataset: resumedRows, args: resumedArgs }).train({
      resume_from_checkpoint: true,
    });
    await resumed;
    expect((await toArray(resumed))[0]).toMatchObject({ type: 'restored' });
    await run.resume();
    await run;
    expect(await weightsOf(model)).toEqual(straight.weights);
    expect((await opened.session.kernels()).variants).toEqual({});
  });
});

test('adapters.wipe() deletes adapters and checkpoints, but no measured choice', async () => {
  const tuned = await trained({ session: { kernels: 'tuned' } });
  await within({ store: 'auto' }, async (opened) => {
    const { session } = opened;
    const model = await get_peft_model(await loadTiny(opened), new VeraConfig({ r: 4, target_modules: ['q_proj'] }));
    await model.save_pretrained({ id: 'mine' });
    expect(await adapters.list({ session })).toHaveLength(1);
    await adapters.wipe({ session });
    expect(await adapters.list({ session })).toEqual([]);
  });
  const again = await trained({ session: { kernels: 'tuned' }, resume: true });
  expect(typesOf(again)).not.toContain('restored');
  expect(again.kernels).toEqual(tuned.kernels);
});
