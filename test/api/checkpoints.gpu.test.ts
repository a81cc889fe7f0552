import { IDBFactory, IDBObjectStore } from 'fake-indexeddb';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import {
  adapters,
  get_peft_model,
  type KernelChoice,
  type SessionOptions,
  type StepLogs,
  type TrainEvent,
  type TrainerInit,
  type TrainerState,
  type TrainRun,
  VeraConfig,
  type VeraConfigInit,
} from '../../src/index';
import { IndexedDbStore } from '../../src/store/indexeddb_store';
import { openTestSession, type TestSession } from '../helpers/session';
import { loadTiny, tinyRow } from '../helpers/tiny_llama';
import { eventsOf, tinyTrainer, weightsOf } from '../helpers/tiny_training';

/** What one browser keeps. */
beforeEach(() => void vi.stubGlobal('indexedDB', new IDBFactory()));
afterEach(() => void vi.unstubAllGlobals());

const args = {
  max_steps: 12,
  shuffle: true,
  lr_scheduler_type: 'linear',
  learning_rate: 0.05,
  weight_decay: 0.01,
  save_steps: 4,
} as const;
const rows = Array.from({ length: 7 }, (_, index) => tinyRow(10 + 9 * index, index));

interface Plan {
  readonly config?: VeraConfigInit;
  readonly session?: SessionOptions;
  readonly init?: Partial<TrainerInit>;
  readonly resume?: boolean | string;
  /** What is done to the run once it goes. */
  readonly meanwhile?: (run: TrainRun) => Promise<unknown>;
}

interface Outcome {
  readonly events: readonly TrainEvent[];
  readonly logs: readonly StepLogs[];
  readonly weights: Uint8Array;
  readonly training_loss: number;
  readonly warnings: readonly string[];
  readonly messages: readonly string[];
  readonly kernels: KernelChoice;
  readonly saved: readonly string[];
}

/** A session of its own that trains a fresh adapter, as a page does that is opened again. */
async function trained({ config = {}, session, init, resume = false, meanwhile }: Plan = {}): Promise<Outcome> {
  return within({ store: 'auto', ...session }, async (opened) => {
    const messages: string[] = [];
    opened.session.addEventListener('warning', ({ message }) => messages.push(message));
    const targets = { r: 8, target_modules: ['down_proj', 'q_proj', 'v_proj'] };
    const model = await get_peft_model(await loadTiny(opened), new VeraConfig({ ...targets, ...config }));
    const trainer = tinyTrainer(model, { train_dataset: rows, ...init, args: { ...args, ...init?.args } });
    const run = trainer.train({ resume_from_checkpoint: resume });
    await meanwhile?.(run);
    const { training_loss } = await run;
    const events = await eventsOf(run);
    return {
      events,
      logs: run.state.log_history,
      weights: await weightsOf(model),
      training_loss,
      warnings: opened.warnings,
      messages,
      kernels: await opened.session.kernels(),
      saved: events.flatMap((event) => (event.type === 'save' ? [event.checkpoint] : [])),
    };
  });
}

async function within<T>(options: SessionOptions, body: (opened: TestSession) => Promise<T>): Promise<T> {
  const opened = await openTestSession(options);
  try {
    return await body(opened);
  } finally {
    await opened.session.close();
  }
}

/** Stops the run once a step is logged. */
const stopAt = (step: number, options?: { save?: boolean }) => async (run: TrainRun) => {
  for await (const event of run) if (event.type === 'log' && event.logs.step >= step) return run.stop(options);
  return undefined;
};

const numbers = ({ step, loss, grad_norm, learning_rate }: StepLogs) => [step, loss, grad_norm, learning_rate];
const typesOf = ({ events }: Outcome): string[] => events.map(({ type }) => type);

describe('a run that is resumed in a later session equals the uninterrupted one to the bit', () => {
  test.each<[string, VeraConfigInit]>([
    ['vectors', {}],
    ['with dropout', { vera_dropout: 0.2 }],
    ['with a whole module', { modules_to_save: ['lm_head'] }],
    ['with the projections in the file', { save_projection: false, projection_prng_key: 7 }],
  ])('%s', async (_, config) => {
    const straight = await trained({ config, init: { args: { save_strategy: 'no' } } });
    const first = await trained({ config, meanwhile: stopAt(5) });
    const reached = first.logs.length;
    expect(reached).toBeLessThan(12);
    expect(first.saved.at(-1)).toBe(`checkpoint-${reached}`);
    const second = await trained({ config, resume: true });
    expect(second.events[0]).toMatchObject({ type: 'restored', checkpoint: `checkpoint-${reached}` });
    expect(second.events[0]!.state).toMatchObject({ global_step: reached, max_steps: 12 });
    expect(second.logs.map(numbers)).toEqual(straight.logs.map(numbers));
    expect(second.weights).toEqual(straight.weights);
    expect(second.training_loss).toBe(straight.training_loss);
  });
});

describe('what is resumed', () => {
  test('a run that was aborted goes on from the last save', async () => {
    const straight = await trained();
    expect(straight.saved).toEqual(['checkpoint-4', 'checkpoint-8', 'checkpoint-12']);
    vi.stubGlobal('indexedDB', new IDBFactory());
    let last = '';
    await within({ store: 'auto' }, async (opened) => {
      const model = await get_peft_model(
        await loadTiny(opened),
        new VeraConfig({ r: 8, target_modules: ['down_proj', 'q_proj', 'v_proj'] }),
      );
      const controller = new AbortController();
      const on_save = (_: unknown, { global_step }: TrainerState) => {
        last = `checkpoint-${global_step}`;
      };
      const trainer = tinyTrainer(model, { train_dataset: rows, args, callbacks: [{ on_save }] });
      const run = trainer.train({ signal: controller.signal });
      for await (const event of run) if (event.type === 'log' && event.logs.step === 5) break;
      controller.abort('closed');
      await expect(Promise.resolve(run)).rejects.toBe('closed');
    });
    const second = await trained({ resume: true });
    expect(last).toMatch(/^checkpoint-[48]$/);
    expect(second.events[0]).toMatchObject({ type: 'restored', checkpoint: last });
    expect(second.logs.map(numbers)).toEqual(straight.logs.map(numbers));
    expect(second.weights).toEqual(straight.weights);
  });

  test('by name: one of the last two, and no other', async () => {
    const straight = await trained();
    const named = await trained({ resume: 'checkpoint-8' });
    expect(named.events[0]).toMatchObject({ type: 'restored', checkpoint: 'checkpoint-8' });
    expect(named.weights).toEqual(straight.weights);
    await expect(trained({ resume: 'checkpoint-4' })).rejects.toMatchObject({
      code: 'not_found',
      message: 'resume_from_checkpoint: expected a stored checkpoint-4, but there are checkpoint-12 and checkpoint-8',
      detail: { there: ['checkpoint-12', 'checkpoint-8'] },
    });
    vi.stubGlobal('indexedDB', new IDBFactory());
    await expect(trained({ resume: 'checkpoint-8' })).rejects.toMatchObject({
      code: 'not_found',
      message: 'resume_from_checkpoint: expected a stored checkpoint-8, but there is none',
    });
  });

  test('a run that had ended ends at once, with what it had learnt', async () => {
    const straight = await trained();
    const again = await trained({ resume: true });
    expect(typesOf(again)).toEqual(['restored']);
    expect(again.logs).toEqual(straight.logs);
    expect(again.weights).toEqual(straight.weights);
    expect(again.training_loss).toBe(straight.training_loss);
  });

  test.each<[string, Plan]>([
    ['nothing unless asked', { resume: false }],
    ['nothing of other data', { resume: true, init: { train_dataset: rows.toReversed() } }],
    ['nothing of another adapter', { resume: true, config: { r: 4 } }],
    ['nothing of another key', { resume: true, config: { projection_prng_key: 1 } }],
  ])('%s', async (_, plan) => {
    await trained({ meanwhile: stopAt(5) });
    const other = await trained(plan);
    expect(typesOf(other)).not.toContain('restored');
    expect(other.logs.map(({ step }) => step)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
    expect(other.warnings).not.toContain('other_arguments');
  });

  test('with other arguments it goes by them, and says so', async () => {
    const first = await trained({ meanwhile: stopAt(5) });
    const longer = await trained({
      resume: true,
      init: { args: { max_steps: 14, learning_rate: 0.01, save_steps: 5 } },
    });
    expect(longer.logs.map(({ step }) => step).at(-1)).toBe(14);
    expect(longer.logs.slice(0, first.logs.length)).toEqual(first.logs);
    expect(longer.warnings).toContain('other_arguments');
    expect(longer.messages).toContain(
      'The checkpoint was made with other arguments, and the run goes on with these: ' +
        'max_steps 14 (was 12), learning_rate 0.01 (was 0.05)',
    );
  });

  test('a finished run that is asked for more steps takes them', async () => {
    const args = { lr_scheduler_type: 'constant' } as const;
    const straight = await trained({ init: { args: { ...args, max_steps: 14, save_strategy: 'no' } } });
    await trained({ init: { args } });
    const longer = await trained({ resume: true, init: { args: { ...args, max_steps: 14 } } });
    expect(longer.weights).toEqual(straight.weights);
  });

  test('in the session that it stopped in, and without a database', async () => {
    await within({ store: 'memory' }, async (opened) => {
      const base = await loadTiny(opened);
      const config = new VeraConfig({ r: 8, target_modules: ['q_proj', 'v_proj'] });
      const train = async (meanwhile?: (run: TrainRun) => Promise<unknown>, resume = false) => {
        const model = await get_peft_model(base, config);
        const run = tinyTrainer(model, { train_dataset: rows, args }).train({ resume_from_checkpoint: resume });
        await meanwhile?.(run);
        await run;
        return weightsOf(model);
      };
      const straight = await train();
      await train(stopAt(6));
      expect(await train(undefined, true)).toEqual(straight);
    });
  });
});

describe('a damaged checkpoint', () => {
  /** Changes what is stored under each of a run's keys that the test is true for. */
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
    await damage((key) => key.endsWith('/0')); // the third
    const again = await trained({ resume: true });
    expect(again.events[0]).toMatchObject({ type: 'restored', checkpoint: 'checkpoint-8' });
    expect(again.weights).toEqual(straight.weights);
    expect(again.messages).toContain("A checkpoint can't be read: training goes on from checkpoint-8");
    // Its place is good again.
    expect(typesOf(await trained({ resume: 'checkpoint-12' }))).toEqual(['restored']);
  });

  test('before which there is no other is none', async () => {
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

describe('kernels', () => {
  test('are those that the run began with, also where the session would take others', async () => {
    const tuned = { kernels: 'tuned' } as const;
    const first = await trained({ session: tuned, meanwhile: stopAt(5) });
    expect(Object.keys(first.kernels.variants).length).toBeGreaterThan(0);
    const init: Partial<TrainerInit> = { args: { save_strategy: 'no' } };
    const table = await trained({ init, resume: true });
    expect(table.kernels).toEqual(first.kernels);
    const again = await trained({ init, session: tuned, resume: `checkpoint-${first.logs.length}` });
    expect(again.kernels).toEqual(first.kernels);
    expect(again.weights).toEqual(table.weights);
    // As it would have come to without a stop.
    expect((await trained({ init, session: { kernels: first.kernels } })).weights).toEqual(table.weights);
    expect([...table.warnings, ...again.warnings]).not.toContain('other_kernels');
  });

  test('of a run that began with the table stay the table, though the session would tune', async () => {
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

  test('when a callback asks, soon after; on_save then tells it', async () => {
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

  test('of the end of a stopped run, as asked', async () => {
    const args = { save_steps: 100 };
    expect((await trained({ init: { args }, meanwhile: stopAt(3) })).saved).toHaveLength(1);
    expect((await trained({ init: { args }, meanwhile: stopAt(3, { save: false }) })).saved).toEqual([]);
    const never = { args: { save_strategy: 'no' } } as const;
    expect((await trained({ init: never, meanwhile: stopAt(3) })).saved).toEqual([]);
    expect((await trained({ init: never, meanwhile: stopAt(3, { save: true }) })).saved).toHaveLength(1);
  });

  test('without a trace in the numbers', async () => {
    const [often, never] = [
      await trained({ init: { args: { save_steps: 1 } } }),
      await trained({ init: { args: { save_strategy: 'no' } } }),
    ];
    expect(often.saved).toHaveLength(12);
    expect(often.weights).toEqual(never.weights);
  });
});

test('adapters.wipe() leaves neither adapters nor checkpoints, but what was measured', async () => {
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
        message: "Step 4 isn't saved, and training goes on: Storage is full: no room",
        state: { global_step: 4 },
      },
    ]);
    expect(full.saved).toEqual([]);
    expect(typesOf(await trained({ resume: true }))).not.toContain('restored');
  });

  test('keeps a run from being resumed, and from writing over what may be there', async () => {
    await trained({ meanwhile: stopAt(5) });
    const get = vi.spyOn(IDBObjectStore.prototype, 'get').mockImplementation(() => {
      throw new DOMException('gone', 'UnknownError');
    });
    await expect(trained({ resume: true })).rejects.toMatchObject({ code: 'storage_unavailable' });
    get.mockRestore();
    expect(typesOf(await trained({ resume: true }))[0]).toBe('restored');
  });
});
