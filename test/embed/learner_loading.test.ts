import { beforeEach, describe, expect, test, vi } from 'vitest';
import type { Learner } from '../../src/embed/learner';
import { WebVeraError } from '../../src/index';
import { eventually } from '../helpers/eventually';
import { withResolvers } from '../helpers/with_resolvers';
import { newWorld, settled, type World } from './learner_world';

let world: World;
let arrived: ReturnType<typeof withResolvers<void>>;
/** Makes a world whose model isn't loaded before `arrived` is resolved. */
beforeEach(() => {
  world = newWorld();
  arrived = withResolvers<void>();
  world.before = () => arrived.promise;
});

test('a profile is forgotten while the model loads, and is then opened empty', async () => {
  const learner = world.learner();
  const loading = learner.load();
  await settled();
  const deleted = withResolvers<void>();
  world.profiles.deleting = () => deleted.promise;
  const gone = learner.forget();
  arrived.resolve();
  await settled();
  expect(world.models).toHaveLength(1);
  expect(world.profiles.made).toEqual([]); // not before the deletion ends
  deleted.resolve();
  expect(await gone).toEqual({ bytes: 7 });
  await loading;
  expect(world.profiles.forgotten).toEqual(['default']);
  expect(world.profiles.made).toHaveLength(1);
  expect(learner.status).toMatchObject({ state: 'ready', forgotten: { bytes: 7 } });
});

test('a profile is forgotten while the model loads, even if loading fails', async () => {
  const learner = world.learner();
  const loading = learner.load();
  await settled();
  expect(await learner.forget()).toEqual({ bytes: 7 });
  expect(learner.status.state).toBe('loading');
  arrived.reject(new WebVeraError('offline', 'no connection'));
  await expect(loading).rejects.toMatchObject({ code: 'offline' });
});

test('a profile is forgotten before a session is open', async () => {
  const learner = world.learner();
  void learner.load();
  expect(await learner.forget()).toEqual({ bytes: 7 });
  expect(learner.status.state).toBe('loading');
  arrived.resolve();
  await learner.load();
  expect(learner.visit?.profile).toBe(world.profiles.last);
});

test('a profile that is being opened is forgotten once it is open', async () => {
  const learner = world.learner();
  const [asked, opened] = [withResolvers<void>(), withResolvers<void>()];
  world.profiles.prepare = (profile) => profile.examples.push({ text: 'A paragraph.' });
  world.profiles.before = () => {
    asked.resolve();
    return opened.promise;
  };
  arrived.resolve();
  const loading = learner.load();
  await asked.promise;
  const gone = learner.forget();
  opened.resolve();
  expect(await gone).toEqual({ bytes: 100 });
  await loading;
  expect(world.profiles.forgotten).toEqual([]);
  expect(world.profiles.last.examples).toEqual([]);
  expect(learner.visit?.profile).toBeUndefined();
});

test.each([undefined, new Error('enough')])('an aborted generation doesn’t wait for the model: %s', async (reason) => {
  const learner = world.learner();
  const abort = new AbortController();
  const { signal } = abort;
  const generation = learner.generate('It was', { signal });
  await settled();
  abort.abort(reason);
  await expect(Promise.resolve(generation)).rejects.toBe(signal.reason);
  await expect(Promise.resolve(learner.generate('It was', { signal }))).rejects.toBe(signal.reason);
  expect(learner.status).toMatchObject({ state: 'loading', error: undefined });
  arrived.resolve();
  await learner.load();
  await settled();
  expect(world.profiles.last.written).toEqual([]);
  expect(world.heard('error')).toEqual([]);
});

test('an aborted signal loads nothing', async () => {
  const learner = world.learner();
  const signal = AbortSignal.abort();
  await expect(Promise.resolve(learner.generate('It was', { signal }))).rejects.toBe(signal.reason);
  expect(learner.status.state).toBe('idle');
});

test('the task is that of the loaded model, not of a changed attribute', async () => {
  const learner = world.learner();
  expect(learner.visit?.settings.task).toBeUndefined();
  const loading = learner.load();
  world.attributes.task = 'text-classification';
  expect(learner.visit?.settings.task).toBe('causal-lm');
  arrived.resolve();
  await loading;
  expect(learner.visit?.settings.task).toBe('causal-lm');
  await learner.load();
  expect(learner.visit?.settings.task).toBe('text-classification');
  await learner.leave('gone');
  expect(learner.visit?.settings.task).toBeUndefined();
});

describe('a listener of the state', () => {
  /** Makes a learner, and calls `act` the first time that it reports `state`. */
  function acting(state: string, act: (learner: Learner) => void): Learner {
    let acted = false;
    const learner = world.learner((type, detail) => {
      if (acted || type !== 'state' || detail !== state) return;
      acted = true;
      act(learner);
    });
    return learner;
  }

  test('may use the model that begins to load', async () => {
    let [again, text]: Promise<unknown>[] = [];
    const learner = acting('loading', () => {
      again = learner.load();
      text = Promise.resolve(learner.generate('It was'));
    });
    const loading = learner.load();
    expect(again).toBe(loading);
    arrived.resolve();
    expect(await text).toBe('a whale');
    expect(world.heard('error')).toEqual([]);
  });

  test('may load another model once one is ready, for which calls then wait', async () => {
    let again: Promise<void> | undefined;
    const learner = acting('ready', () => {
      world.attributes.dtype = 'float16';
      again = learner.load();
    });
    const text = learner.generate('It was');
    arrived.resolve();
    expect(await text).toBe('a whale');
    await again;
    expect(world.models.map(({ disposed }) => disposed)).toEqual([1, 0]);
    expect(world.profiles.last.written).toEqual(['It was']);
    expect(world.states()).toEqual(['loading', 'ready', 'idle', 'loading', 'ready']);
    expect([world.heard('ready'), world.heard('error')]).toEqual([[undefined], []]);
  });

  test.each(['the new settings', 'others'])('may load again once a model is left: %s', async (which) => {
    let again: Promise<void> | undefined;
    const learner = acting('idle', () => {
      if (which === 'others') world.attributes.profile = 'third';
      again = learner.load();
    });
    arrived.resolve();
    await learner.load();
    world.attributes.profile = 'second';
    expect(learner.load()).toBe(again);
    await again;
    await settled();
    const open = world.profiles.made.filter(({ disposed }) => disposed === 0);
    expect(open.map(({ id }) => id)).toEqual([which === 'others' ? 'third' : 'second']);
    expect(learner.visit?.profile).toBe(open[0]);
    await learner.leave('gone');
    expect(world.models.map(({ disposed }) => disposed)).toEqual(world.models.map(() => 1));
  });

  test('may load again once a model is left, and waits until that model is freed', async () => {
    const learner = acting('idle', () => {
      world.attributes.profile = 'third';
      void learner.load();
    });
    arrived.resolve();
    await learner.load();
    const freed = withResolvers<void>();
    vi.spyOn(world.profiles.last, 'dispose').mockReturnValueOnce(freed.promise);
    world.attributes.profile = 'second';
    const loading = learner.load();
    await settled();
    expect(world.profiles.made.map(({ id }) => id)).toEqual(['default']);
    freed.resolve();
    await loading;
    expect(world.profiles.made.map(({ id }) => id)).toEqual(['default', 'third']);
  });

  test('may leave what is about to be loaded', async () => {
    const learner = acting('idle', () => void learner.leave('enough'));
    arrived.resolve();
    await learner.load();
    world.attributes.profile = 'second';
    await expect(learner.load()).rejects.toMatchObject({ name: 'AbortError', message: 'enough' });
    expect([learner.status.state, learner.visit, world.profiles.made.length]).toEqual(['idle', undefined, 1]);
  });
});

describe('the end of a visit', () => {
  const next = (learner: Learner): Promise<void> => {
    world.attributes.profile = 'next';
    return learner.load();
  };
  beforeEach(() => arrived.resolve());

  test.each<[string, (learner: Learner) => unknown]>([
    ['another profile is loaded', next],
    ['the element is removed', (learner) => learner.leave('gone')],
    ['the session ends', () => world.sessions[0]?.end()],
  ])('ends its generations, of which nothing is reported any more: %s', async (_, end) => {
    world.profiles.prepare = (profile) => {
      profile.isEndless = true;
    };
    const learner = world.learner();
    const signal = new AbortController().signal;
    const generations = [{}, { signal }].map((config) => Promise.resolve(learner.generate('It was', config)));
    await eventually(() => expect(world.heard('token')).toHaveLength(4));
    world.profiles.last.tokens.push({ token_id: 3, text: ' more' }); // which isn't reported yet
    await Promise.all([end(learner), ...generations.map((each) => expect(each).rejects.toThrow())]);
    await settled();
    expect(world.heard('token')).toHaveLength(4);
    expect(world.heard('error')).toHaveLength(learner.status.state === 'error' ? 1 : 0);
  });

  test('ends its predictions', async () => {
    const learner = world.learner();
    await learner.load();
    const predict = vi.spyOn(world.profiles.last, 'predict').mockReturnValue(new Promise<never>(() => {}));
    void learner.predict('It was');
    await settled();
    await next(learner);
    expect(predict).toHaveBeenCalledWith('It was', { signal: expect.objectContaining({ aborted: true }) });
  });

  test.each(['rate', 'correct'] as const)('leaves what is being stored unreported: %s', async (way) => {
    const learner = world.learner();
    await learner.load();
    const stored = withResolvers<number>();
    vi.spyOn(world.profiles.last, way).mockReturnValue(stored.promise);
    const storing = way === 'rate' ? learner.rate('a whale', 1) : learner.correct('a whale', 'a ship');
    await settled();
    await next(learner);
    stored.resolve(1);
    expect(await storing).toBe(1);
    expect([...world.heard('rated'), ...world.heard('corrected')]).toEqual([]);
  });

  test('leaves a deletion unreported', async () => {
    const learner = world.learner();
    await learner.load();
    const gone = withResolvers();
    world.profiles.last.forgetting = () => gone.promise;
    const forgetting = learner.forget();
    world.profiles.prepare = (profile) => profile.begin();
    await next(learner);
    gone.resolve();
    await forgetting;
    expect(learner.status).toMatchObject({ state: 'training', forgotten: undefined });
  });
});

describe('when loading fails', () => {
  const offline = new WebVeraError('offline', 'no connection');

  test.each(['the download', 'an attribute'])('the error is there before the state changes: %s', async (what) => {
    const seen: unknown[] = [];
    const learner = world.learner((type) => {
      if (type === 'state' || type === 'error') seen.push([type, learner.status.state, learner.status.error?.code]);
    });
    if (what === 'an attribute') world.attributes.task = 'else';
    else arrived.reject(offline);
    const code = what === 'an attribute' ? 'invalid_argument' : 'offline';
    await expect(learner.load()).rejects.toMatchObject({ code });
    expect(seen.slice(-2)).toEqual([
      ['state', 'error', code],
      ['error', 'error', code],
    ]);
  });

  test.each(['state', 'error'])('a listener may load again at once: %s', async (when) => {
    let again: Promise<void> | undefined;
    const learner = world.learner((type, detail) => {
      if (again === undefined && type === when && (type === 'error' || detail === 'error')) {
        world.before = async () => {};
        again = learner.load();
      }
    });
    arrived.reject(offline);
    await expect(learner.load()).rejects.toBe(offline);
    await again;
    await settled();
    expect(learner.status).toMatchObject({ state: 'ready', error: undefined });
    expect(learner.visit?.profile).toBeDefined();
  });
});
