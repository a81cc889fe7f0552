import { beforeEach, describe, expect, test, vi } from 'vitest';
import { Learner, type LearnerParts } from '../../src/embed/learner';
import { readSettings } from '../../src/embed/settings';
import { SharedModels } from '../../src/embed/shared_models';
import type { Told } from '../../src/embed/status';
import { type PreTrainedModel, type PretrainedOptions, WebVeraError } from '../../src/index';
import { withResolvers } from '../helpers/with_resolvers';
import { FakeProfiles, fakeModel, fakeSession, someProgress } from './fakes';

interface World {
  readonly attributes: Record<string, string>;
  readonly profiles: FakeProfiles;
  readonly models: ReturnType<typeof fakeModel>[];
  readonly sessions: ReturnType<typeof fakeSession>[];
  readonly told: { type: keyof Told; detail: unknown }[];
  trouble: WebVeraError | undefined;
  /** Before a model is loaded. */
  before: (options: PretrainedOptions) => Promise<unknown>;
  readonly shared: SharedModels;
  learner(): Learner;
}

let world: World;
beforeEach(() => {
  world = {
    attributes: { model: 'org/name' },
    profiles: new FakeProfiles(),
    models: [],
    sessions: [],
    told: [],
    trouble: undefined,
    before: async ({ progress_callback }) => {
      await settled();
      progress_callback?.(someProgress);
    },
    shared: new SharedModels(),
    learner() {
      const parts: LearnerParts = {
        settings: () => readSettings((name) => world.attributes[name] ?? null, 'https://page.example/'),
        deviceTrouble: async () => world.trouble,
        openSession: async () => {
          world.sessions.push(fakeSession());
          return world.sessions.at(-1) as ReturnType<typeof fakeSession>;
        },
        loadModel: async (_source, options = {}): Promise<PreTrainedModel> => {
          await world.before(options);
          world.models.push(fakeModel());
          return world.models.at(-1) as PreTrainedModel;
        },
        models: world.shared,
        profiles: world.profiles,
      };
      return new Learner(parts, (type, detail) => {
        if (type !== 'change') world.told.push({ type, detail });
      });
    },
  };
});

const states = (): unknown[] => world.told.filter(({ type }) => type === 'state').map(({ detail }) => detail);
const heard = (type: keyof Told): unknown[] =>
  world.told.filter((each) => each.type === type).map(({ detail }) => detail);
const lost = new WebVeraError('device_lost', 'The GPU device was lost');
/** Until what is under way has come to rest. */
const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve));

describe('loading', () => {
  test('opens a session, the model and the profile, once', async () => {
    const learner = world.learner();
    await Promise.all([learner.load(), learner.load()]);
    await learner.load();
    expect(states()).toEqual(['loading', 'ready']);
    expect(heard('progress')).toEqual([someProgress]);
    expect(heard('ready')).toHaveLength(1);
    expect([world.sessions.length, world.models.length, world.profiles.made.length]).toEqual([1, 1, 1]);
    expect(learner.session).toBe(world.sessions[0]);
    expect(learner.model).toBe(world.models[0]);
    expect(learner.profile).toBe(world.profiles.last);
    expect(world.profiles.last.id).toBe('default');
  });

  test('takes the session that was set, and none once it is in use', async () => {
    const learner = world.learner();
    const session = fakeSession();
    learner.session = session;
    await learner.load();
    expect(world.sessions).toEqual([]);
    expect(learner.session).toBe(session);
    expect(() => {
      learner.session = fakeSession();
    }).toThrow(expect.objectContaining({ code: 'invalid_argument' }));
  });

  test('loads anew where the attributes are others', async () => {
    const learner = world.learner();
    await learner.load();
    world.attributes.profile = 'ann';
    await learner.load();
    expect(world.profiles.made.map(({ id, disposed }) => [id, disposed])).toEqual([
      ['default', 1],
      ['ann', 0],
    ]);
    expect(world.models.map(({ disposed }) => disposed)).toEqual([1, 0]);
    expect(states()).toEqual(['loading', 'ready', 'idle', 'loading', 'ready']);
  });

  test('shares one copy of a model with others', async () => {
    const [one, other] = [world.learner(), world.learner()];
    const session = fakeSession();
    one.session = session;
    other.session = session;
    await Promise.all([one.load(), other.load()]);
    expect(world.models).toHaveLength(1);
    await one.leave('gone');
    expect(world.models[0]?.disposed).toBe(0);
    await other.leave('gone');
    expect(world.models[0]?.disposed).toBe(1);
    expect(world.profiles.made.map(({ disposed }) => disposed)).toEqual([1, 1]);
  });

  test('says why where there is no WebGPU, downloads nothing, and may be tried again', async () => {
    const learner = world.learner();
    world.trouble = new WebVeraError('unsupported_device', 'no WebGPU');
    await expect(learner.load()).rejects.toBe(world.trouble);
    expect(learner.status).toMatchObject({ state: 'error', error: world.trouble });
    expect(heard('error')).toEqual([world.trouble]);
    expect(world.sessions).toEqual([]);
    world.trouble = undefined;
    await learner.load();
    expect(learner.status).toMatchObject({ state: 'ready', error: undefined });
  });

  test('refuses attributes that can’t be, and leaves what is loaded as it is', async () => {
    const learner = world.learner();
    delete world.attributes.model;
    await expect(learner.load()).rejects.toMatchObject({ code: 'invalid_argument', detail: { attribute: 'model' } });
    expect(learner.status.state).toBe('error');
    world.attributes.model = 'org/name';
    await learner.load();
    world.attributes.r = 'many';
    await expect(learner.load()).rejects.toMatchObject({ detail: { attribute: 'r' } });
    expect(learner.status.state).toBe('ready');
    expect(learner.profile).toBe(world.profiles.last);
  });

  test('that fails lets go of what it had', async () => {
    const learner = world.learner();
    world.profiles.before = () => Promise.reject(new WebVeraError('storage_corrupt', 'unreadable'));
    await expect(learner.load()).rejects.toMatchObject({ code: 'storage_corrupt' });
    expect(learner.status.state).toBe('error');
    expect(learner.model).toBeUndefined();
    expect(world.models[0]?.disposed).toBe(1);
  });

  test.each(['stop', 'leave'] as const)('can be given up: %s', async (way) => {
    const learner = world.learner();
    let signal: AbortSignal | undefined;
    world.before = (options) => {
      ({ signal } = options);
      return new Promise((_, reject) => signal?.addEventListener('abort', () => reject(signal?.reason)));
    };
    const loading = learner.load();
    await settled();
    await (way === 'stop' ? learner.stop() : learner.leave('gone'));
    await expect(loading).rejects.toMatchObject({ name: 'AbortError' });
    expect(signal?.aborted).toBe(true);
    expect(states()).toEqual(['loading', 'idle']);
    expect(heard('error')).toEqual([]);
  });

  test('given up at the last moment frees what came late', async () => {
    const learner = world.learner();
    const [asked, opened] = [withResolvers(), withResolvers()];
    world.profiles.before = () => {
      asked.resolve();
      return opened.promise;
    };
    const loading = learner.load();
    await asked.promise;
    await learner.leave('gone');
    opened.resolve();
    await expect(loading).rejects.toMatchObject({ name: 'AbortError' });
    expect(world.models[0]?.disposed).toBe(1);
    expect(world.profiles.last.disposed).toBe(1);
  });

  test('goes on with what an earlier visit began to learn', async () => {
    const learner = world.learner();
    world.profiles.prepare = (profile) => profile.begin();
    await learner.load();
    expect(learner.status.state).toBe('training');
    world.profiles.last.runs[0]?.finish();
    await settled();
    expect(states()).toEqual(['loading', 'ready', 'training', 'ready']);
    expect(heard('learnt')).toEqual([{ global_step: 4, training_loss: 3, metrics: {} }]);
  });
});

describe('teaching', () => {
  test('loads first, cuts a text, adds it and learns', async () => {
    const learner = world.learner();
    const taught = learner.teach('A paragraph.', { max_steps: 4 });
    await vi.waitFor(() => expect(learner.run).toBeDefined());
    const { last } = world.profiles;
    expect(last.examples).toEqual([{ text: 'A paragraph.' }]);
    expect(last.asked).toEqual([{ args: { max_steps: 4 } }]);
    last.runs[0]?.log(1);
    last.runs[0]?.finish();
    expect(await taught).toMatchObject({ global_step: 4 });
    await settled();
    expect(heard('log')).toMatchObject([{ step: 1 }]);
    expect(heard('learnt')).toHaveLength(1);
    expect(states()).toEqual(['loading', 'ready', 'training', 'ready']);
  });

  test('makes no example longer than the model takes', async () => {
    const learner = world.learner();
    const taught = learner.teach('word '.repeat(40));
    await vi.waitFor(() => expect(learner.run).toBeDefined());
    for (const example of world.profiles.last.examples) {
      expect((example as { text: string }).text.length).toBeLessThanOrEqual(64);
    }
    world.profiles.last.runs[0]?.finish();
    await taught;
  });

  test('can be paused, gone on with and stopped', async () => {
    const learner = world.learner();
    const taught = learner.teach('A paragraph.');
    await vi.waitFor(() => expect(learner.run).toBeDefined());
    await learner.pause();
    await vi.waitFor(() => expect(learner.status.state).toBe('paused'));
    expect(learner.paused).toBe('user');
    await learner.resume();
    await vi.waitFor(() => expect(learner.status.state).toBe('training'));
    expect(await learner.stop()).toMatchObject({ global_step: 2 });
    expect(await taught).toMatchObject({ global_step: 2 });
    await settled();
    expect(world.profiles.last.runs[0]?.calls).toEqual(['pause', 'resume', 'stop']);
    expect(learner.status.state).toBe('ready');
    await learner.pause();
    expect(await learner.stop()).toBeUndefined();
  });

  test('tells that a run went back and goes on, until the next one', async () => {
    const learner = world.learner();
    const taught = learner.teach('A paragraph.');
    await vi.waitFor(() => expect(learner.run).toBeDefined());
    expect(learner.recovered).toBeUndefined();
    const [run] = world.profiles.last.runs;
    run?.push({ type: 'recovered', state: run.state, cause: 'numerical_error', repeatedSteps: 3 });
    await vi.waitFor(() => expect(learner.recovered).toMatchObject({ cause: 'numerical_error', repeatedSteps: 3 }));
    expect(learner.status.state).toBe('training');
    run?.finish();
    await taught;
    await settled();
    expect(learner.recovered).toBeUndefined();
  });

  test('waits for what is being learnt already', async () => {
    const learner = world.learner();
    world.profiles.prepare = (profile) => profile.begin();
    const taught = [learner.teach('The first.'), learner.teach('The second.')];
    await vi.waitFor(() => expect(learner.status.state).toBe('training'));
    const { last } = world.profiles;
    for (const [index, count] of [
      [0, 0],
      [1, 1],
      [2, 2],
    ] as const) {
      await vi.waitFor(() => expect(last.runs).toHaveLength(index + 1));
      expect(last.examples).toHaveLength(count);
      last.runs[index]?.finish();
    }
    await Promise.all(taught);
    expect(last.examples).toEqual([{ text: 'The first.' }, { text: 'The second.' }]);
  });

  test('shows a run that another element began', async () => {
    const learner = world.learner();
    await learner.load();
    const run = world.profiles.last.begin();
    expect(learner.status.state).toBe('training');
    run.finish();
    await settled();
    expect(learner.status.state).toBe('ready');
  });

  test('nothing adds nothing', async () => {
    const learner = world.learner();
    await expect(learner.teach('  ')).rejects.toMatchObject({ code: 'invalid_argument' });
    expect(world.profiles.last.examples).toEqual([]);
    expect(heard('error')).toHaveLength(1);
    expect(learner.status.state).toBe('ready');
  });

  test('that failed is not added once more when it is tried again', async () => {
    const learner = world.learner();
    const lesson = { text: 'A paragraph.' };
    for (const ends of ['fails', 'ends', 'ends']) {
      const taught = learner.teach(lesson);
      const count = world.profiles.made.at(-1)?.runs.length ?? 0;
      await vi.waitFor(() => expect(world.profiles.last.runs).toHaveLength(count + 1));
      const run = world.profiles.last.runs.at(-1);
      if (ends === 'ends') run?.finish();
      else run?.fail(new WebVeraError('out_of_memory', 'no room'));
      await taught.catch(() => {});
    }
    // Twice it was learnt, and meant.
    expect(world.profiles.last.examples).toEqual([lesson, lesson]);
  });

  test('that fails is told once, and what is loaded stays', async () => {
    const learner = world.learner();
    const taught = learner.teach('A paragraph.');
    await vi.waitFor(() => expect(learner.run).toBeDefined());
    const error = new WebVeraError('numerical_error', 'not finite');
    world.profiles.last.runs[0]?.fail(error);
    await expect(taught).rejects.toBe(error);
    expect(heard('error')).toEqual([error]);
    expect(learner.status).toMatchObject({ state: 'ready', error });
    const again = learner.teach('Another one.');
    await vi.waitFor(() => expect(learner.run).toBeDefined());
    expect(learner.status.error).toBeUndefined();
    world.profiles.last.runs[1]?.finish();
    await again;
  });

  test('that loses the GPU lets the model go, so that it is loaded anew', async () => {
    const learner = world.learner();
    learner.session = fakeSession();
    const taught = learner.teach('A paragraph.');
    await vi.waitFor(() => expect(learner.run).toBeDefined());
    world.profiles.last.runs[0]?.fail(lost);
    await expect(taught).rejects.toBe(lost);
    expect(learner.status).toMatchObject({ state: 'error', error: lost });
    expect(heard('error')).toEqual([lost]);
    await vi.waitFor(() => expect(world.models[0]?.disposed).toBe(1));
    expect(world.profiles.last.disposed).toBe(1);
    await learner.load();
    expect(world.models).toHaveLength(2);
    expect(learner.status.state).toBe('ready');
  });

  test('ends with its element, and what it was learning is left to the next visit', async () => {
    const learner = world.learner();
    const taught = learner.teach('A paragraph.');
    await vi.waitFor(() => expect(learner.run).toBeDefined());
    const run = world.profiles.last.runs[0];
    await learner.leave('The element was removed');
    run?.fail(new DOMException('disposed of', 'AbortError'));
    await expect(taught).rejects.toMatchObject({ name: 'AbortError' });
    expect(run?.calls).toEqual([]);
    expect(world.profiles.last.disposed).toBe(1);
    expect(heard('error')).toEqual([]);
    expect(states()).toEqual(['loading', 'ready', 'training', 'idle']);
  });
});

describe('a session that ends by itself', () => {
  test('takes what was loaded along, and says so', async () => {
    const learner = world.learner();
    await learner.load();
    world.sessions[0]?.end();
    expect(learner.status).toMatchObject({ state: 'error', error: { code: 'worker_crashed' } });
    await learner.load();
    expect(world.sessions).toHaveLength(2);
    expect(learner.status.state).toBe('ready');
  });
});

describe('generating', () => {
  test('streams, and gives the text', async () => {
    const learner = world.learner();
    const generation = learner.generate('It was');
    const texts: string[] = [];
    for await (const { text } of generation) texts.push(text);
    expect(texts).toEqual(['a ', 'whale']);
    expect(await generation).toBe('a whale');
    expect(heard('token')).toEqual([
      { token_id: 1, text: 'a ' },
      { token_id: 2, text: 'whale' },
    ]);
    expect(world.profiles.last.written).toEqual(['It was']);
  });

  test('rejects where nothing can be loaded, and raises nothing that nobody waits for', async () => {
    const learner = world.learner();
    world.trouble = new WebVeraError('unsupported_device', 'no WebGPU');
    learner.generate('It was');
    await expect(learner.generate('It was')).rejects.toBe(world.trouble);
    const iterating = async (): Promise<void> => {
      for await (const _ of learner.generate('It was')) expect.unreachable();
    };
    await expect(iterating()).rejects.toBe(world.trouble);
  });

  test('a label is refused as the profile refuses it', async () => {
    await expect(world.learner().predict('It was')).rejects.toMatchObject({ code: 'unsupported_model' });
  });
});

describe('what is kept', () => {
  test('is forgotten without loading a model', async () => {
    world.attributes.profile = 'ann';
    const learner = world.learner();
    expect(await learner.forget()).toEqual({ bytes: 7 });
    expect(world.profiles.forgotten).toEqual(['ann']);
    expect(world.models).toEqual([]);
    expect(learner.status).toMatchObject({ state: 'idle', forgotten: { bytes: 7 } });
  });

  test('is forgotten while it learns, and begins anew with the next lesson', async () => {
    const learner = world.learner();
    const taught = learner.teach('A paragraph.');
    await vi.waitFor(() => expect(learner.run).toBeDefined());
    expect(await learner.forget()).toEqual({ bytes: 100 });
    await expect(taught).rejects.toMatchObject({ code: 'not_found' });
    expect(learner.status).toMatchObject({ state: 'ready', error: undefined, forgotten: { bytes: 100 } });
    expect(learner.profile).toBeUndefined();
    expect(world.profiles.made).toHaveLength(1); // nothing is stored again before there is something to keep

    const again = learner.teach('Another one.');
    await vi.waitFor(() => expect(world.profiles.made).toHaveLength(2));
    await vi.waitFor(() => expect(learner.run).toBeDefined());
    world.profiles.last.runs[0]?.finish();
    await again;
    expect(learner.status.forgotten).toBeUndefined();
    expect(world.models).toHaveLength(1);
  });

  test('is forgotten in another tab', async () => {
    const learner = world.learner();
    world.profiles.prepare = (profile) => profile.begin();
    await learner.load();
    world.profiles.last.vanish();
    await settled();
    expect(learner.status).toMatchObject({ state: 'ready', error: undefined, forgotten: { bytes: undefined } });
    expect(learner.profile).toBeUndefined();
    expect(heard('error')).toEqual([]);
  });

  test('goes out, and comes back in the place of what there is', async () => {
    const learner = world.learner();
    const taught = learner.teach('A paragraph.');
    await vi.waitFor(() => expect(learner.run).toBeDefined());
    world.profiles.last.runs[0]?.finish();
    await taught;
    const files = await learner.export();
    await learner.forget();
    await learner.import(files);
    expect(learner.profile).toMatchObject({ id: 'default', examples: [{ text: 'A paragraph.' }] });
    expect(learner.status).toMatchObject({ state: 'ready', forgotten: undefined });

    const before = learner.profile;
    await expect(learner.import(new Map())).rejects.toMatchObject({ code: 'invalid_format' });
    expect(learner.profile).toBe(before);
    // What a page left that was closed in the midst of it.
    expect(world.profiles.forgotten).toContain('default (import)');
  });
});
