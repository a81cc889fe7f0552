import { IDBObjectStore } from 'fake-indexeddb';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { get_peft_model, type TrainerInit, type TrainingArguments, VeraConfig } from '../../../src/index';
import { CheckpointStore } from '../../../src/store/checkpoint_store';
import { IndexedDbStore } from '../../../src/store/indexeddb_store';
import { toArray } from '../../helpers/bytes/to_array';
import { loadTiny } from '../../helpers/models/tiny_llama';
import { tinyTrainer, weightsOf } from '../../helpers/models/tiny_training';
import { oneBrowser } from '../../helpers/session/one_browser';
import { resumedAdapter, resumedArgs, resumedRows, stopAt, trained, typesOf } from '../../helpers/session/resumed_run';
import { within } from '../../helpers/session/session';
import { withResolvers } from '../../helpers/with_resolvers';

oneBrowser();
afterEach(() => void vi.restoreAllMocks());

describe('a checkpoint is made', () => {
  test.each<[string, Partial<TrainerInit>, readonly number[]]>([
    ['every save_steps, and at the end', { args: { save_steps: 5 } }, [5, 10, 12]],
    ['at the end of each epoch', { args: { save_strategy: 'epoch' } }, [4, 8, 12]],
    ['never with the strategy no', { args: { save_strategy: 'no' } }, []],
  ])('%s', async (_, init, steps) => {
    const { saved, events } = await trained({ init });
    expect(saved).toEqual(steps.map((step) => `checkpoint-${step}`));
    for (const event of events) {
      if (event.type === 'save') expect(event.checkpoint).toBe(`checkpoint-${event.state.global_step}`);
    }
  });

  test('when a callback requests it, soon after; on_save then reports it', async () => {
    const told: number[] = [];
    const init: Partial<TrainerInit> = {
      args: { save_strategy: 'no' },
      callbacks: [
        {
          on_step_end: (_, { global_step }, control) => {
            control.should_save = global_step === 3;
          },
          on_save: (_, { global_step }) => told.push(global_step),
        },
      ],
    };
    const { saved } = await trained({ init });
    expect(told).toHaveLength(1);
    expect(told[0]).toBeGreaterThan(3);
    expect(told[0]).toBeLessThan(7);
    expect(saved).toEqual([`checkpoint-${told[0]}`]);
  });

  test('when thirty seconds have passed since the last one', async () => {
    const straight = await trained({ init: { args: { save_strategy: 'no' } } });
    const slow: Partial<TrainerInit> = {
      args: { save_steps: 100 },
      callbacks: [
        {
          on_step_end: (_, { global_step }) => {
            if (global_step === 4) vi.setSystemTime(Date.now() + 30_000);
          },
        },
      ],
    };
    const { saved } = await trained({ init: slow });
    expect(saved).toHaveLength(2);
    expect(saved[0]).toMatch(/^checkpoint-[5-8]$/);
    const again = await trained({ init: { args: { save_strategy: 'no' } }, resume: saved[0]! });
    expect(again.weights).toEqual(straight.weights);
  });

  test('while the run is paused, before pause() resolves', async () => {
    const { events } = await trained({
      init: { args: { save_steps: 100 } },
      meanwhile: async (run) => {
        for await (const { type } of run) if (type === 'log') break;
        await run.pause();
        await run.resume();
      },
    });
    const types = events.map(({ type }) => type);
    expect(types.filter((type) => type === 'save')).toHaveLength(2);
    expect(types.indexOf('save')).toBe(types.indexOf('paused') - 1);
  });

  test('at the end of a stopped run, if requested', async () => {
    const args = { save_steps: 100 };
    expect((await trained({ init: { args }, meanwhile: stopAt(3) })).saved).toHaveLength(1);
    expect((await trained({ init: { args }, meanwhile: stopAt(3, { save: false }) })).saved).toEqual([]);
    const never = { args: { save_strategy: 'no' } } as const;
    expect((await trained({ init: never, meanwhile: stopAt(3) })).saved).toEqual([]);
    expect((await trained({ init: never, meanwhile: stopAt(3, { save: true }) })).saved).toHaveLength(1);
  });

  test('at any step that the caller requests, of exactly that step', async () => {
    const straight = await trained({ init: { args: { save_strategy: 'no' } } });
    const asking: Partial<TrainerInit> = {
      args: { save_strategy: 'no' },
      callbacks: [
        {
          on_step_begin: (_, __, control) => {
            control.should_save = true;
          },
        },
      ],
    };
    const { saved } = await trained({ init: asking });
    expect(saved.length).toBeGreaterThan(3);
    for (const checkpoint of saved.slice(-2)) {
      const init = { args: { save_strategy: 'no' } } as const;
      expect((await trained({ init, resume: checkpoint })).weights).toEqual(straight.weights);
    }
  });

  test('without an effect on the numbers', async () => {
    const [often, never] = [
      await trained({ init: { args: { save_steps: 1 } } }),
      await trained({ init: { args: { save_strategy: 'no' } } }),
    ];
    expect(often.saved).toHaveLength(12);
    expect(often.weights).toEqual(never.weights);
  });
});

describe('a damaged checkpoint', () => {
  /** Flips a bit of each stored checkpoint whose key passes the test. */
  async function damage(test: (key: string) => boolean): Promise<void> {
    const store = new IndexedDbStore('webvera', indexedDB);
    for (const key of await store.keys()) {
      if (!key.startsWith('checkpoint/') || !test(key)) continue;
      const { bytes, ...rest } = (await store.get(key)) as { bytes: Uint8Array };
      bytes[bytes.length - 1]! ^= 1;
      await store.setMany([[key, { ...rest, bytes }]]);
    }
    await store.close();
  }

  test('costs the steps since the one before it', async () => {
    const straight = await trained();
    await damage((key) => key.endsWith('/0')); // the third checkpoint's slot
    const again = await trained({ resume: true });
    expect(again.events[0]).toMatchObject({ type: 'restored', checkpoint: 'checkpoint-8' });
    expect(again.weights).toEqual(straight.weights);
    expect(again.messages).toContain("A checkpoint of the run can't be read: going on from checkpoint-8");
    // The resumed run has overwritten the damaged checkpoint.
    expect(typesOf(await trained({ resume: 'checkpoint-12' }))).toEqual(['restored']);
  });

  test('without an earlier one is ignored', async () => {
    const straight = await trained();
    await damage((key) => !key.endsWith('/head'));
    const again = await trained({ resume: true });
    expect(typesOf(again)).not.toContain('restored');
    expect(again.weights).toEqual(straight.weights);
    expect(again.warnings).toContain('storage_corrupt');
    await damage((key) => !key.endsWith('/head'));
    await expect(trained({ resume: 'checkpoint-12' })).rejects.toMatchObject({ code: 'not_found' });
  });
});

test('of two equal runs only one is stored at a time', async () => {
  const straight = await trained({ init: { args: { save_strategy: 'no' } } });
  await within({ store: 'auto' }, async (opened) => {
    const base = await loadTiny(opened);
    const begin = async (resume_from_checkpoint = false, more: TrainingArguments = {}) => {
      const model = await get_peft_model(base, new VeraConfig(resumedAdapter));
      const trainer = tinyTrainer(model, {
        train_dataset: resumedRows,
        args: { ...resumedArgs, save_steps: 1, ...more },
      });
      return { model, run: trainer.train({ resume_from_checkpoint }) };
    };
    const first = await begin();
    for await (const { type } of first.run) if (type === 'save') break;
    await first.run.pause();
    const second = await begin();
    expect((await second.run).global_step).toBe(12);
    const events = await toArray(second.run);
    expect(events.filter(({ type }) => type === 'save')).toEqual([]);
    expect(events.filter(({ type }) => type === 'warning')).toMatchObject([{ code: 'locked_by_other_tab' }]);
    const third = await begin(true);
    await expect(Promise.resolve(third.run)).rejects.toMatchObject({ code: 'locked_by_other_tab', retryable: true });
    await first.run.resume();
    await first.run;
    expect(await weightsOf(first.model)).toEqual(straight.weights);
    const last = await begin(true);
    expect((await last.run).global_step).toBe(12);
    expect((await toArray(last.run)).map(({ type }) => type)).toEqual(['restored']);
  });
});

test('a run that can’t be resumed makes room for the next', async () => {
  await within({ store: 'auto' }, async (opened) => {
    const model = await get_peft_model(await loadTiny(opened), new VeraConfig(resumedAdapter));
    const trainer = tinyTrainer(model, { train_dataset: resumedRows, args: resumedArgs });
    const absent = trainer.train({ resume_from_checkpoint: 'checkpoint-99' });
    await expect(Promise.resolve(absent)).rejects.toMatchObject({ code: 'not_found' });
    const next = trainer.train();
    await next;
    const types = (await toArray(next)).map(({ type }) => type);
    expect(types.filter((type) => type !== 'log')).toEqual(['save', 'save', 'save']);
  });
});

describe('storage that fails', () => {
  test('costs the checkpoint, not the run', async () => {
    const straight = await trained({ init: { args: { save_strategy: 'no' } } });
    const put = vi.spyOn(IDBObjectStore.prototype, 'put').mockImplementation(() => {
      throw new DOMException('no room', 'QuotaExceededError');
    });
    const full = await trained();
    put.mockRestore();
    expect(full.weights).toEqual(straight.weights);
    const told = full.events.filter(({ type }) => type === 'warning');
    expect(told).toMatchObject([
      {
        code: 'storage_full',
        message: "Step 4 isn't saved, and training continues: Storage is full: no room",
        state: { global_step: 4 },
      },
    ]);
    expect(full.saved).toEqual([]);
    expect(typesOf(await trained({ resume: true }))).not.toContain('restored');
  });

  test('or is slow costs nothing: a checkpoint counts once it is stored, also at the end', async () => {
    const { setTimeout: usual } = globalThis;
    const answer = withResolvers();
    // The run waits for storage twice: the first wait ends at once, and storage answers during the second one.
    let waits = 0;
    const timers = vi.spyOn(globalThis, 'setTimeout').mockImplementation(((call: () => void, time?: number) => {
      if (time !== 10_000) return usual(call, time);
      waits += 1;
      if (waits === 2) answer.resolve();
      return usual(call, waits === 1 ? 0 : time);
    }) as never);
    const { save } = CheckpointStore.prototype;
    const slow = vi.spyOn(CheckpointStore.prototype, 'save').mockImplementation(async function (
      this: CheckpointStore,
      ...checkpoint
    ) {
      await answer.promise;
      return save.apply(this, checkpoint);
    });
    const outcome = await trained({ init: { args: { save_steps: 100 } } });
    slow.mockRestore();
    timers.mockRestore();
    expect(outcome.events.filter(({ type }) => type !== 'log')).toMatchObject([
      { type: 'warning', code: 'timeout' },
      { type: 'save', checkpoint: 'checkpoint-12', durable: true },
    ]);
    expect(typesOf(await trained({ resume: true }))).toEqual(['restored']);
  });

  test('prevents a run from being resumed, and from overwriting checkpoints', async () => {
    await trained({ meanwhile: stopAt(5) });
    const get = vi.spyOn(IDBObjectStore.prototype, 'get').mockImplementation(() => {
      throw new DOMException('gone', 'UnknownError');
    });
    await expect(trained({ resume: true })).rejects.toMatchObject({ code: 'storage_unavailable' });
    get.mockRestore();
    expect(typesOf(await trained({ resume: true }))[0]).toBe('restored');
  });
});
