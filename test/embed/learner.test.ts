import { beforeEach, describe, expect, test } from 'vitest';
import { WebVeraError } from '../../src/index';
import { withResolvers } from '../helpers/with_resolvers';
import { fakeSession, someProgress } from './fakes';
import { newWorld, settled, type World } from './learner_world';

let world: World;
beforeEach(() => {
  world = newWorld();
});

describe('loading', () => {
  test('opens a session, the model and the profile, once', async () => {
    const learner = world.learner();
    await Promise.all([learner.load(), learner.load()]);
    await learner.load();
    expect(world.states()).toEqual(['loading', 'ready']);
    expect(world.heard('progress')).toEqual([someProgress]);
    expect(world.heard('ready')).toHaveLength(1);
    expect([world.sessions.length, world.models.length, world.profiles.made.length]).toEqual([1, 1, 1]);
    expect(learner.session).toBe(world.sessions[0]);
    expect(learner.visit?.model).toBe(world.models[0]);
    expect(learner.visit?.profile).toBe(world.profiles.last);
    expect(world.profiles.last.id).toBe('default');
  });

  test('uses the session that was set, and refuses another one after loading', async () => {
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

  test('loads again after the attributes changed', async () => {
    const learner = world.learner();
    await learner.load();
    world.attributes.profile = 'ann';
    await learner.load();
    expect(world.profiles.made.map(({ id, disposed }) => [id, disposed])).toEqual([
      ['default', 1],
      ['ann', 0],
    ]);
    expect(world.states()).toEqual(['loading', 'ready', 'idle', 'loading', 'ready']);
  });

  test.each([
    ...Object.entries({ dtype: 'float16', model: 'org/other', task: 'text-classification' }).map((one) => [...one, 1]),
    ...Object.entries({ profile: 'ann', 'max-steps': '9', r: '4' }).map((one) => [...one, 0]),
  ] as [string, string, number][])('keeps the model unless it changes: %s=%s frees %i', async (name, value, freed) => {
    const learner = world.learner();
    await learner.load();
    const freedBefore: unknown[] = [];
    world.before = async () => freedBefore.push(world.models[0]?.disposed);
    world.attributes[name] = value;
    await learner.load();
    expect(freedBefore).toEqual(freed ? [1] : []); // two models may not fit into memory
    expect(world.models.map(({ disposed }) => disposed)).toEqual(freed ? [1, 0] : [0]);
    expect(learner.visit?.model).toBe(world.models.at(-1));
    await learner.leave('gone');
    expect(world.models.map(({ disposed }) => disposed)).toEqual(freed ? [1, 1] : [1]);
  });

  test('goes on loading the model when another profile of it is loaded meanwhile', async () => {
    const learner = world.learner();
    const arrived = withResolvers();
    world.before = () => arrived.promise;
    const first = learner.load();
    await settled();
    for (const profile of ['ann', 'ben']) {
      world.attributes.profile = profile;
      learner.load().catch(() => {});
    }
    await expect(first).rejects.toMatchObject({ name: 'AbortError' });
    arrived.resolve();
    await learner.load();
    expect(world.models.map(({ disposed }) => disposed)).toEqual([0]);
    expect(world.profiles.made.map(({ id }) => id)).toEqual(['ben']);
  });

  test('doesn’t repeat a load that fails while another profile waits for it', async () => {
    const learner = world.learner();
    const arrived = withResolvers();
    let loads = 0;
    world.before = () => {
      loads += 1;
      return arrived.promise;
    };
    learner.load().catch(() => {});
    await settled();
    world.attributes.profile = 'ann';
    const second = learner.load();
    arrived.reject(new WebVeraError('offline', 'no connection'));
    await expect(second).rejects.toMatchObject({ code: 'offline' });
    expect(loads).toBe(1);
  });

  test.each(['is left', 'fails'])('frees the kept model if the load of another profile %s', async (how) => {
    const learner = world.learner();
    await learner.load();
    world.attributes.profile = 'ann';
    if (how === 'fails') world.trouble = new WebVeraError('unsupported_device', 'no WebGPU');
    const loading = learner.load();
    if (how === 'is left') await learner.leave('gone');
    await expect(loading).rejects.toThrow();
    await settled();
    expect(world.models.map(({ disposed }) => disposed)).toEqual([1]);
  });

  test.each([
    ['device_lost', 'a lost GPU', [0, 0]],
    ['invalid_argument', 'adapters of another kind', [1, 0]],
  ] as const)('loads a model again on which a profile doesn’t open: %s, %s', async (code, message, disposed) => {
    const [learner, other] = [world.learner(), world.learner()];
    await learner.load();
    if (code === 'device_lost') await other.load(); // it frees the lost model as it finds that out
    world.attributes.profile = 'ann';
    const error = new WebVeraError(code, message);
    world.profiles.before = () => (world.models.length === 1 ? Promise.reject(error) : undefined);
    await learner.load();
    expect(world.models.map((model) => model.disposed)).toEqual(disposed);
    expect(learner.visit?.model).toBe(world.models[1]);
    world.profiles.before = () => Promise.reject(error);
    world.attributes.profile = 'ben';
    await expect(learner.load()).rejects.toBe(error);
    expect([world.models.length, world.heard('error')]).toEqual([3, [error]]);
    await other.leave('gone');
    expect(world.models.map((model) => model.disposed)).toEqual([1, 1, 1]);
  });

  test('shares one copy of a model with other elements', async () => {
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

  test('fails without WebGPU before any download, and can be retried', async () => {
    const learner = world.learner();
    world.trouble = new WebVeraError('unsupported_device', 'no WebGPU');
    await expect(learner.load()).rejects.toBe(world.trouble);
    expect(learner.status).toMatchObject({ state: 'error', error: world.trouble });
    expect(world.heard('error')).toEqual([world.trouble]);
    expect(world.sessions).toEqual([]);
    world.trouble = undefined;
    await learner.load();
    expect(learner.status).toMatchObject({ state: 'ready', error: undefined });
  });

  test('asks whether the GPU is blocked after it was lost, until a model is loaded again', async () => {
    const learner = world.learner();
    await learner.load();
    learner.status.report(new WebVeraError('device_lost', 'the GPU is gone'));
    await learner.leave('it was lost');
    world.trouble = new WebVeraError('gpu_blocked', 'for now');
    await expect(learner.load()).rejects.toBe(world.trouble);
    world.trouble = undefined;
    await learner.load();
    await learner.leave('gone');
    await learner.load();
    expect(world.checks).toEqual([false, true, true, false]);
  });

  test('asks whether the GPU is blocked after another element of the page has lost it', async () => {
    const [one, other] = [world.learner(), world.learner()];
    one.status.report(new WebVeraError('gpu_blocked', 'for now'));
    await other.load();
    await world.learner().load();
    expect(world.checks).toEqual([true, false]);
  });

  test('refuses wrong attributes, and keeps the loaded model', async () => {
    const learner = world.learner();
    delete world.attributes.model;
    await expect(learner.load()).rejects.toMatchObject({ code: 'invalid_argument', detail: { attribute: 'model' } });
    expect(learner.status.state).toBe('error');
    world.attributes.model = 'org/name';
    await learner.load();
    world.attributes.r = 'many';
    await expect(learner.load()).rejects.toMatchObject({ detail: { attribute: 'r' } });
    expect(learner.status.state).toBe('ready');
    expect(learner.visit?.profile).toBe(world.profiles.last);
  });

  test('that fails releases the model', async () => {
    const learner = world.learner();
    world.profiles.before = () => Promise.reject(new WebVeraError('storage_corrupt', 'unreadable'));
    await expect(learner.load()).rejects.toMatchObject({ code: 'storage_corrupt' });
    expect(learner.status.state).toBe('error');
    expect(learner.visit?.model).toBeUndefined();
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
    expect(world.states()).toEqual(['loading', 'idle']);
    expect(world.heard('error')).toEqual([]);
  });

  test('that is cancelled at the last moment frees the model', async () => {
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

  test('resumes the run of an earlier visit', async () => {
    const learner = world.learner();
    world.profiles.prepare = (profile) => profile.begin();
    await learner.load();
    expect(learner.status.state).toBe('training');
    world.profiles.last.runs[0]?.finish();
    await settled();
    expect(world.states()).toEqual(['loading', 'ready', 'training', 'ready']);
    expect(world.heard('learnt')).toEqual([{ global_step: 4, training_loss: 3, metrics: {} }]);
  });
});

describe('generating', () => {
  test('streams tokens, and resolves with the text', async () => {
    const learner = world.learner();
    const generation = learner.generate('It was');
    const texts: string[] = [];
    for await (const { text } of generation) texts.push(text);
    expect(texts).toEqual(['a ', 'whale']);
    expect(await generation).toBe('a whale');
    expect(world.heard('token')).toEqual([
      { token_id: 1, text: 'a ' },
      { token_id: 2, text: 'whale' },
    ]);
    expect(world.profiles.last.written).toEqual(['It was']);
  });

  test('rejects if no model can be loaded, without an unhandled rejection', async () => {
    const learner = world.learner();
    world.trouble = new WebVeraError('unsupported_device', 'no WebGPU');
    learner.generate('It was');
    await expect(learner.generate('It was')).rejects.toBe(world.trouble);
    const iterating = async (): Promise<void> => {
      for await (const _ of learner.generate('It was')) expect.unreachable();
    };
    await expect(iterating()).rejects.toBe(world.trouble);
  });

  test('a prediction is refused as the profile refuses it', async () => {
    await expect(world.learner().predict('It was')).rejects.toMatchObject({ code: 'unsupported_model' });
  });
});

test.each([
  [true, { r: '8', dtype: 'f16' }],
  [false, { profile: 'ann' }],
  [false, { model: 'org/other' }],
])('the lessons’ signal lasts over another load: %s for %o', async (lasts, attributes) => {
  const learner = world.learner();
  await learner.load();
  const { signal } = learner.lessons;
  world.sessions[0]?.end();
  Object.assign(world.attributes, attributes);
  await learner.load();
  expect([!signal.aborted, learner.lessons.signal === signal]).toEqual([lasts, lasts]);
});
