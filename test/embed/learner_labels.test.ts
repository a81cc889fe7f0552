import { beforeEach, describe, expect, test } from 'vitest';
import { WebVeraError } from '../../src/index';
import { eventually } from '../helpers/eventually';
import { fakeSession } from './fakes';
import { newWorld, settled, type World } from './learner_world';

let world: World;
beforeEach(() => {
  world = newWorld();
});

describe('a classifier', () => {
  const some = [
    { text: 'see you at noon', label: 'ham' },
    { text: 'you have won', label: 'spam' },
  ];
  beforeEach(() => {
    world.attributes.task = 'text-classification';
  });

  test('is loaded with the attribute’s labels, and learns from labelled examples', async () => {
    world.attributes.labels = 'ham,spam';
    const learner = world.learner();
    const taught = learner.teach(some);
    await eventually(() => expect(learner.watch.run).toBeDefined());
    expect(world.classifiers).toMatchObject([
      {
        id2label: { 0: 'ham', 1: 'spam' },
        ignore_mismatched_sizes: true,
        renews_head: true,
        session: world.sessions[0],
      },
    ]);
    expect(world.profiles.last.examples).toEqual(some);
    world.profiles.last.runs[0]?.finish();
    await taught;
  });

  test('has a profile that learns and predicts texts up to the attribute’s length', async () => {
    await world.learner().load();
    expect(world.profiles.last.openedWith.args).toMatchObject({ max_length: 256 });
    world.attributes['max-length'] = '64';
    await world.learner().load();
    expect(world.profiles.last.openedWith.args).toMatchObject({ max_length: 64 });
  });

  test('learns from a label at once, and once from labels that are added meanwhile', async () => {
    const learner = world.learner();
    await learner.label(some[0]!);
    await eventually(() => expect(learner.isInstant).toBe(true));
    await Promise.all([learner.label([some[1]!]), learner.label(some)]);
    const { last } = world.profiles;
    expect(last.examples).toEqual([some[0], some[1], ...some]);
    // Learning needs two classes, but the first label alone must not lead to an error report.
    const hint = { detail: { classes: 1 } };
    last.runs[0]?.fail(new WebVeraError('invalid_argument', 'expected two classes', hint));
    await eventually(() => expect(last.runs).toHaveLength(2));
    expect(learner.isInstant).toBe(true);
    last.runs[1]?.finish(0);
    await settled();
    expect(last.asked).toEqual([{ method: 'instant' }, { method: 'instant' }]);
    expect([world.heard('error'), world.heard('learnt').length, learner.isInstant]).toEqual([[], 1, false]);
  });

  test('is refined after the current run, which can be cancelled', async () => {
    const learner = world.learner();
    await learner.label(some);
    const refined = learner.refine();
    await eventually(() => expect(learner.isInstant).toBe(true));
    const { last } = world.profiles;
    expect([learner.lessons.canCancel, last.runs.length]).toEqual([false, 1]);
    last.runs[0]?.finish(0);
    await eventually(() => expect(learner.lessons.canCancel).toBe(true));
    expect([learner.isInstant, last.asked[1]?.method]).toEqual([false, 'refine']);
    const { signal } = last.asked[1] ?? {};
    signal?.addEventListener('abort', () => last.runs[1]?.fail(signal.reason));
    learner.lessons.cancel();
    await expect(refined).rejects.toMatchObject({ name: 'AbortError' });
    await settled();
    expect([world.heard('error'), learner.status.state, learner.lessons.canCancel]).toEqual([[], 'ready', false]);
  });

  test('refuses labels when its visit ends, and learns from them in the next one', async () => {
    const learner = world.learner();
    world.profiles.prepare = (profile) => profile.begin();
    await learner.label(some);
    await learner.leave('The element was removed');
    world.profiles.last.runs[0]?.fail(new DOMException('disposed of', 'AbortError'));
    await settled();
    world.profiles.prepare = () => {};
    await learner.label(some);
    await eventually(() => expect(world.profiles.last.asked).toEqual([{ method: 'instant' }]));
    expect(world.profiles.made).toHaveLength(2);
  });

  test('has the model’s labels by default, and refuses a text without a label', async () => {
    const learner = world.learner();
    await expect(learner.teach('A paragraph.')).rejects.toMatchObject({ code: 'invalid_argument' });
    expect(world.classifiers).toHaveLength(1);
    expect(world.classifiers[0]).not.toHaveProperty('id2label');
    expect(world.heard('error')).toHaveLength(1);
    expect(learner.status.state).toBe('ready');
  });

  test('is not shared with elements that have other labels or another task', async () => {
    const session = fakeSession();
    const loaded = async (attributes: Readonly<Record<string, string>>) => {
      const learner = Object.assign(world.learner(), { session });
      world.attributes.labels = '';
      Object.assign(world.attributes, attributes);
      await learner.load();
      return learner.visit?.model;
    };
    const own = await loaded({});
    expect(await loaded({})).toBe(own);
    const other = await loaded({ labels: 'ham,spam' });
    const writer = await loaded({ task: 'causal-lm' });
    expect(new Set([own, other, writer]).size).toBe(3);
    expect(world.models).toHaveLength(3);
  });
});

describe('a classifier of images', () => {
  const picture = (label: string) => ({ image: new Blob(['pixels'], { type: 'image/png' }), label });

  beforeEach(() => {
    world.attributes.task = 'image-classification';
    world.attributes.labels = 'cat,dog';
  });

  test('is loaded with the attribute’s labels, and learns from labelled pictures', async () => {
    const learner = world.learner();
    const some = [picture('cat'), picture('dog')];
    const taught = learner.teach(some);
    await eventually(() => expect(learner.watch.run).toBeDefined());
    expect(world.classifiers).toEqual([]);
    expect(world.imageClassifiers).toMatchObject([
      {
        id2label: { 0: 'cat', 1: 'dog' },
        ignore_mismatched_sizes: true,
        renews_head: true,
        session: world.sessions[0],
      },
    ]);
    expect(world.profiles.last.examples).toEqual(some);
    world.profiles.last.runs[0]?.finish();
    await taught;
  });

  test('adds other pictures with the same labels after a failed lesson, and the same ones once', async () => {
    const learner = world.learner();
    const [one, other] = [picture('cat'), picture('cat')];
    for (const [index, lesson] of [one, one, other].entries()) {
      const taught = learner.teach(lesson);
      await eventually(() => expect(world.profiles.made.at(-1)?.runs).toHaveLength(index + 1));
      world.profiles.last.runs[index]?.fail(new WebVeraError('out_of_memory', 'no room'));
      await expect(taught).rejects.toMatchObject({ code: 'out_of_memory' });
    }
    const { examples } = world.profiles.last;
    expect(examples).toHaveLength(2);
    expect(examples.map((example) => 'image' in example && example.image)).toEqual([one.image, other.image]);
    expect((examples[1] as typeof other).image).toBe(other.image);
  });

  test('adds a canvas again that was drawn on since a failed lesson', async () => {
    const learner = world.learner();
    const canvas = { width: 2 } as unknown as ImageData;
    for (const index of [0, 1]) {
      const taught = learner.teach({ image: canvas, label: 'cat' });
      await eventually(() => expect(world.profiles.made.at(-1)?.runs).toHaveLength(index + 1));
      world.profiles.last.runs[index]?.fail(new WebVeraError('invalid_argument', 'one class'));
      await expect(taught).rejects.toMatchObject({ code: 'invalid_argument' });
    }
    expect(world.profiles.last.examples).toHaveLength(2);
  });

  test('refuses a picture without a label', async () => {
    const learner = world.learner();
    await expect(learner.teach(picture('cat').image)).rejects.toMatchObject({ code: 'invalid_argument' });
    expect(world.profiles.last.examples).toEqual([]);
  });
});
