import { beforeEach, describe, expect, test } from 'vitest';
import { WebVeraError } from '../../src/index';
import { eventually } from '../helpers/eventually';
import { fakeSession } from './fakes';
import { newWorld, settled, type World } from './learner_world';

let world: World;
beforeEach(() => {
  world = newWorld();
});

const lost = new WebVeraError('device_lost', 'The GPU device was lost');
const cause = new WebVeraError('not_found', 'no copies of the adapters were made yet');
/** The error of a run that couldn't recover, because it has lost its adapters with the GPU. */
const unrecoverable = new WebVeraError('device_lost', 'The GPU device was lost', { cause });

describe('teaching', () => {
  test('loads first, cuts a text, adds it and learns', async () => {
    const learner = world.learner();
    const taught = learner.teach('A paragraph.', { max_steps: 4 });
    await eventually(() => expect(learner.watch.run).toBeDefined());
    const { last } = world.profiles;
    expect(last.examples).toEqual([{ text: 'A paragraph.' }]);
    expect(last.asked).toEqual([{ args: { max_steps: 4 } }]);
    last.runs[0]?.log(1);
    last.runs[0]?.finish();
    expect(await taught).toMatchObject({ global_step: 4 });
    await settled();
    expect(world.heard('log')).toMatchObject([{ step: 1 }]);
    expect(world.heard('learnt')).toHaveLength(1);
    expect(world.states()).toEqual(['loading', 'ready', 'training', 'ready']);
  });

  test('adds a list again that has grown since a failed lesson', async () => {
    const learner = world.learner();
    const queue = [{ text: 'one' }];
    for (const index of [0, 1]) {
      const taught = learner.teach(queue);
      await eventually(() => expect(world.profiles.made.at(-1)?.runs).toHaveLength(index + 1));
      world.profiles.last.runs[index]?.fail(new WebVeraError('out_of_memory', 'no room'));
      await expect(taught).rejects.toMatchObject({ code: 'out_of_memory' });
      queue.push({ text: 'two' });
    }
    expect(world.profiles.last.examples).toContainEqual({ text: 'two' });
  });

  test('cuts examples to the model’s limit', async () => {
    const learner = world.learner();
    const taught = learner.teach('word '.repeat(40));
    await eventually(() => expect(learner.watch.run).toBeDefined());
    for (const example of world.profiles.last.examples) {
      expect((example as { text: string }).text.length).toBeLessThanOrEqual(64);
    }
    world.profiles.last.runs[0]?.finish();
    await taught;
  });

  test('by thumbs and own texts, reports each, and learns when it is asked to', async () => {
    const learner = world.learner();
    const text = { prompt: 'The', completion: ' whale' };
    expect(await learner.rate(text, 1)).toBe(1);
    const { last } = world.profiles;
    const messages = [{ role: 'user', content: 'Who?' }];
    const answer = learner.generate(messages);
    messages.push({ role: 'assistant', content: '' });
    expect(answer.prompt).toEqual([{ role: 'user', content: 'Who?' }]);
    const generation = learner.generate('It was');
    expect(generation).toMatchObject({ prompt: 'It was', seed: 42 });
    await learner.rate(generation, -1);
    await learner.rate('Alone.', 0);
    await learner.correct(text, ' sea');
    expect(last.rated.map(([, rating]) => rating)).toEqual([1, -1, 0]);
    expect(last.corrected).toEqual([[text, ' sea']]);
    expect(world.heard('rated')).toEqual([
      { ...text, rating: 1 },
      { prompt: 'It was', completion: 'a whale', rating: -1 },
      { prompt: '', completion: 'Alone.', rating: 0 },
    ]);
    expect(world.heard('corrected')).toEqual([{ ...text, text: ' sea' }]);
    await expect(learner.rate('', 1)).rejects.toMatchObject({ code: 'invalid_argument' });
    expect(world.heard('rated')).toHaveLength(3);
    expect(last.asked).toEqual([]);
    const learnt = learner.learn({ max_steps: 4 });
    await eventually(() => expect(learner.watch.run).toBeDefined());
    expect(last.asked).toEqual([{ args: { max_steps: 4 } }]);
    last.runs[0]?.finish();
    expect(await learnt).toMatchObject({ global_step: 4 });
  });

  test('can be paused, resumed and stopped', async () => {
    let changes = 0;
    const learner = world.learner((type) => {
      if (type === 'change') changes += 1;
    });
    const taught = learner.teach('A paragraph.');
    await eventually(() => expect(learner.watch.run).toBeDefined());
    await learner.pause();
    await eventually(() => expect(learner.status.state).toBe('paused'));
    expect(learner.watch.paused).toBe('user');
    const [run] = world.profiles.last.runs;
    const before = changes;
    run?.push({ type: 'paused', state: run.state, reason: 'hidden' });
    await eventually(() => expect(learner.watch.paused).toBe('hidden'));
    expect(changes).toBeGreaterThan(before); // the element shows the new reason
    await learner.resume();
    await eventually(() => expect(learner.status.state).toBe('training'));
    expect(await learner.stop()).toMatchObject({ global_step: 2 });
    expect(await taught).toMatchObject({ global_step: 2 });
    await settled();
    expect(world.profiles.last.runs[0]?.calls).toEqual(['pause', 'resume', 'stop']);
    expect(learner.status.state).toBe('ready');
    await learner.pause();
    expect(await learner.stop()).toBeUndefined();
  });

  test('reports that a run recovered, until the next run', async () => {
    const learner = world.learner();
    const taught = learner.teach('A paragraph.');
    await eventually(() => expect(learner.watch.run).toBeDefined());
    expect(learner.watch.recovered).toBeUndefined();
    const [run] = world.profiles.last.runs;
    run?.push({ type: 'recovered', state: run.state, cause: 'numerical_error', repeatedSteps: 3 });
    await eventually(() =>
      expect(learner.watch.recovered).toMatchObject({ cause: 'numerical_error', repeatedSteps: 3 }),
    );
    expect(learner.status.state).toBe('training');
    run?.finish();
    await taught;
    await settled();
    expect(learner.watch.recovered).toBeUndefined();
  });

  test('waits for the current run', async () => {
    const learner = world.learner();
    world.profiles.prepare = (profile) => profile.begin();
    const taught = [learner.teach('The first.'), learner.teach('The second.')];
    await eventually(() => expect(learner.status.state).toBe('training'));
    const { last } = world.profiles;
    for (const [index, count] of [
      [0, 0],
      [1, 1],
      [2, 2],
    ] as const) {
      await eventually(() => expect(last.runs).toHaveLength(index + 1));
      expect(last.examples).toHaveLength(count);
      last.runs[index]?.finish();
    }
    await Promise.all(taught);
    expect(last.examples).toEqual([{ text: 'The first.' }, { text: 'The second.' }]);
  });

  test('follows a run that another element started', async () => {
    const learner = world.learner();
    await learner.load();
    const run = world.profiles.last.begin();
    expect(learner.status.state).toBe('training');
    run.finish();
    await settled();
    expect(learner.status.state).toBe('ready');
  });

  test('refuses an empty lesson, and adds nothing', async () => {
    const learner = world.learner();
    await expect(learner.teach('  ')).rejects.toMatchObject({ code: 'invalid_argument' });
    expect(world.profiles.last.examples).toEqual([]);
    expect(world.heard('error')).toHaveLength(1);
    expect(learner.status.state).toBe('ready');
  });

  test('that failed is not added again when it is retried', async () => {
    const learner = world.learner();
    const lesson = { text: 'A paragraph.' };
    for (const ends of ['fails', 'ends', 'ends']) {
      const taught = learner.teach(lesson);
      const count = world.profiles.made.at(-1)?.runs.length ?? 0;
      await eventually(() => expect(world.profiles.last.runs).toHaveLength(count + 1));
      const run = world.profiles.last.runs.at(-1);
      if (ends === 'ends') run?.finish();
      else run?.fail(new WebVeraError('out_of_memory', 'no room'));
      await taught.catch(() => {});
    }
    // The retry after the failure added nothing. Teaching the same text (`lesson`) again after it was learnt added it a second time.
    expect(world.profiles.last.examples).toEqual([lesson, lesson]);
  });

  test('that lost the GPU is not added again when it is retried in a later visit', async () => {
    const learner = world.learner();
    learner.session = fakeSession();
    const lesson = { text: 'A paragraph.' };
    const taught = learner.teach(lesson);
    await eventually(() => expect(learner.watch.run).toBeDefined());
    expect(world.profiles.last.examples).toEqual([lesson]);
    world.profiles.last.runs[0]?.fail(lost);
    await expect(taught).rejects.toBe(lost);
    await learner.load();
    const again = learner.teach(lesson);
    await eventually(() => expect(world.profiles.last.runs).toHaveLength(1));
    // The later visit opens the stored profile, and the retry adds nothing to it.
    expect(world.profiles.made).toHaveLength(2);
    expect(world.profiles.last.examples).toEqual([]);
    world.profiles.last.runs[0]?.finish();
    await again;
  });

  test('while a profile is being forgotten waits, and teaches a new one', async () => {
    const learner = world.learner();
    await learner.load();
    const { last: old } = world.profiles;
    let finish = (): void => {};
    old.forgetting = () =>
      new Promise<void>((resolve) => {
        finish = resolve;
      });
    const gone = learner.forget();
    const taught = learner.teach('A paragraph.');
    await settled();
    expect(world.profiles.made).toHaveLength(1);
    finish();
    await gone;
    await eventually(() => expect(world.profiles.made).toHaveLength(2));
    await eventually(() => expect(world.profiles.last.runs).toHaveLength(1));
    world.profiles.last.runs[0]?.finish();
    await taught;
    expect(old.examples).toEqual([]);
    expect(world.profiles.last.examples).toEqual([{ text: 'A paragraph.' }]);
  });

  test('that fails is reported once, and keeps the model', async () => {
    const learner = world.learner();
    const taught = learner.teach('A paragraph.');
    await eventually(() => expect(learner.watch.run).toBeDefined());
    const error = new WebVeraError('numerical_error', 'not finite');
    world.profiles.last.runs[0]?.fail(error);
    await expect(taught).rejects.toBe(error);
    expect(world.heard('error')).toEqual([error]);
    expect(learner.status).toMatchObject({ state: 'ready', error });
    const again = learner.teach('Another one.');
    await eventually(() => expect(learner.watch.run).toBeDefined());
    expect(learner.status.error).toBeUndefined();
    world.profiles.last.runs[1]?.finish();
    await again;
  });

  test.each([
    ['loses the GPU', lost],
    ['loses its adapters with the GPU', unrecoverable],
  ])('that %s releases the model, so that it is loaded again', async (_, error) => {
    const learner = world.learner();
    learner.session = fakeSession();
    const taught = learner.teach('A paragraph.');
    await eventually(() => expect(learner.watch.run).toBeDefined());
    world.profiles.last.runs[0]?.fail(error);
    await expect(taught).rejects.toBe(error);
    expect(learner.status).toMatchObject({ state: 'error', error });
    expect(world.heard('error')).toEqual([error]);
    await eventually(() => expect(world.models[0]?.disposed).toBe(1));
    expect(world.profiles.last.disposed).toBe(1);
    await learner.load();
    expect(world.models).toHaveLength(2);
    expect(learner.status.state).toBe('ready');
  });

  test('ends with its element, and its run resumes at the next visit', async () => {
    const learner = world.learner();
    const taught = learner.teach('A paragraph.');
    await eventually(() => expect(learner.watch.run).toBeDefined());
    const run = world.profiles.last.runs[0];
    await learner.leave('The element was removed');
    run?.fail(new DOMException('disposed of', 'AbortError'));
    await expect(taught).rejects.toMatchObject({ name: 'AbortError' });
    expect(run?.calls).toEqual([]);
    expect(world.profiles.last.disposed).toBe(1);
    expect(world.heard('error')).toEqual([]);
    expect(world.states()).toEqual(['loading', 'ready', 'training', 'idle']);
  });
});

test('a file of examples is added unchanged, and once if a lesson failed', async () => {
  const learner = world.learner();
  const [one, other] = [new File(['text'], 'a.csv'), new File(['text'], 'a.csv')];
  for (const [index, file] of [one, one, other].entries()) {
    const taught = learner.teach(file);
    await eventually(() => expect(world.profiles.made.at(-1)?.runs).toHaveLength(index + 1));
    world.profiles.last.runs[index]?.fail(new WebVeraError('out_of_memory', 'no room'));
    await expect(taught).rejects.toMatchObject({ code: 'out_of_memory' });
  }
  const { files } = world.profiles.last;
  expect([files.length, files[0] === one, files[1] === other]).toEqual([2, true, true]);
});
