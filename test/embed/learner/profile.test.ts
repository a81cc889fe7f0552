import { beforeEach, describe, expect, test } from 'vitest';
import { eventually } from '../../helpers/eventually';
import { withResolvers } from '../../helpers/with_resolvers';
import { newWorld, settled, type World } from '../learner_world';

let world: World;
beforeEach(() => {
  world = newWorld();
});

describe('the profile', () => {
  test('is forgotten without loading a model', async () => {
    world.attributes.profile = 'ann';
    const learner = world.learner();
    expect(await learner.forget()).toEqual({ bytes: 7 });
    expect(world.profiles.forgotten).toEqual(['ann']);
    expect(world.models).toEqual([]);
    expect(learner.status).toMatchObject({ state: 'idle', forgotten: { bytes: 7 } });
  });

  test('is forgotten while its model loads, with all that was asked for meanwhile', async () => {
    const learner = world.learner();
    const loading = learner.load();
    const asked = [learner.learn(), learner.rate('A text.', 1)];
    const outcomes = Promise.allSettled(asked);
    await learner.forget();
    await loading.catch(() => {});
    expect((await outcomes).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(world.profiles.made.flatMap(({ rated, runs }) => [...rated, ...runs])).toEqual([]);
    expect(world.heard('error')).toEqual([]);
  });

  test('is forgotten while it learns, and created again by the next lesson', async () => {
    const learner = world.learner();
    const taught = learner.teach('A paragraph.');
    await eventually(() => expect(learner.watch.run).toBeDefined());
    expect(await learner.forget()).toEqual({ bytes: 100 });
    await expect(taught).rejects.toMatchObject({ code: 'not_found' });
    expect(learner.status).toMatchObject({ state: 'ready', error: undefined, forgotten: { bytes: 100 } });
    expect(learner.visit?.profile).toBeUndefined();
    expect(world.profiles.made).toHaveLength(1); // no profile is made again before there is something to store

    const again = learner.teach('Another one.');
    await eventually(() => expect(world.profiles.made).toHaveLength(2));
    await eventually(() => expect(learner.watch.run).toBeDefined());
    world.profiles.last.runs[0]?.finish();
    await again;
    expect(learner.status.forgotten).toBeUndefined();
    expect(world.models).toHaveLength(1);
  });

  test.each(['here', 'in another tab'])('is forgotten %s with the lessons that wait', async (where) => {
    const learner = world.learner();
    const one = learner.teach('First.');
    await eventually(() => expect(learner.watch.run).toBeDefined());
    const two = learner.teach('Second.');
    const three = learner.learn();
    const ends = [
      expect(one).rejects.toMatchObject({ code: 'not_found' }),
      expect(two).rejects.toMatchObject({ name: 'AbortError' }),
      expect(three).rejects.toMatchObject({ name: 'AbortError' }),
    ];
    await settled();
    if (where === 'here') await learner.forget();
    else world.profiles.last.vanish();
    await Promise.all(ends);
    expect(world.profiles.made).toHaveLength(1);
    expect(learner.visit?.profile).toBeUndefined();
    const bytes = where === 'here' ? 100 : undefined;
    expect(learner.status).toMatchObject({ state: 'ready', error: undefined, forgotten: { bytes } });
    expect(world.heard('error')).toEqual([]);
  });

  test('is forgotten with a lesson that is still being read', async () => {
    const learner = world.learner();
    await learner.load();
    const read = withResolvers();
    const bytes = new TextEncoder().encode('First.').buffer;
    const file = Object.assign(new Blob(), { arrayBuffer: () => read.promise.then(() => bytes) });
    const ended = expect(learner.teach(file)).rejects.toMatchObject({ name: 'AbortError' });
    await settled();
    await learner.forget();
    read.resolve();
    await ended;
    await settled();
    expect([world.profiles.made.length, world.heard('error'), learner.visit?.profile]).toEqual([1, [], undefined]);
    expect(learner.status.forgotten).toEqual({ bytes: 0 });
  });

  test('is forgotten with the labels that wait for a refinement, and learns from the next ones', async () => {
    world.attributes.task = 'text-classification';
    const learner = world.learner();
    await learner.load();
    const refined = learner.refine();
    await eventually(() => expect(learner.watch.run).toBeDefined());
    await learner.label({ text: 'see you at noon', label: 'ham' });
    const ended = expect(refined).rejects.toMatchObject({ code: 'not_found' });
    await learner.forget();
    await ended;
    await settled();
    expect([world.profiles.made.length, world.heard('error')]).toEqual([1, []]);
    expect(learner.status).toMatchObject({ state: 'ready', forgotten: { bytes: 100 } });
    await learner.label({ text: 'you have won', label: 'spam' });
    await eventually(() => expect(world.profiles.last.asked).toEqual([{ method: 'instant' }]));
    expect(world.profiles.last.examples).toHaveLength(1);
  });

  test('is forgotten with a label that is being stored', async () => {
    world.attributes.task = 'text-classification';
    const learner = world.learner();
    await learner.load();
    const stored = withResolvers();
    world.profiles.last.add = () => stored.promise.then(() => 1);
    const ended = expect(learner.label({ text: 'you have won', label: 'spam' })).rejects.toMatchObject({
      name: 'AbortError',
    });
    await settled();
    await learner.forget();
    stored.resolve();
    await ended;
    await settled();
    expect([world.profiles.made.length, world.heard('error')]).toEqual([1, []]);
  });

  test('is forgotten in another tab', async () => {
    const learner = world.learner();
    world.profiles.prepare = (profile) => profile.begin();
    await learner.load();
    world.profiles.last.vanish();
    await settled();
    expect(learner.status).toMatchObject({ state: 'ready', error: undefined, forgotten: { bytes: undefined } });
    expect(learner.visit?.profile).toBeUndefined();
    expect(world.heard('error')).toEqual([]);
  });

  test('is exported, and replaced by an import', async () => {
    const learner = world.learner();
    const taught = learner.teach('A paragraph.');
    await eventually(() => expect(learner.watch.run).toBeDefined());
    world.profiles.last.runs[0]?.finish();
    await taught;
    const files = await learner.export();
    await learner.forget();
    await learner.import(files);
    expect(learner.visit?.profile).toMatchObject({ id: 'default', examples: [{ text: 'A paragraph.' }] });
    expect(learner.status).toMatchObject({ state: 'ready', forgotten: undefined });
    // An import rejects files with another configuration than the profile's, because the next visit couldn't open them.
    const { replacedWith, openedWith } = world.profiles.last;
    expect(replacedWith.peft_config).toEqual(openedWith.peft_config);
    expect(replacedWith.peft_config).toBeDefined();

    const before = learner.visit?.profile;
    await expect(learner.import(new Map())).rejects.toMatchObject({ code: 'invalid_format' });
    expect(learner.visit?.profile).toBe(before);
    expect(learner.visit?.profile).toMatchObject({ examples: [{ text: 'A paragraph.' }] });
  });

  test.each(['leave', 'load'] as const)('stays when its element gets other attributes: %s', async (way) => {
    const learner = world.learner();
    await learner.load();
    const { last } = world.profiles;
    await last.add([{ text: 'A paragraph.' }]);
    const read = withResolvers();
    last.reading = () => read.promise;
    const imported = learner.import(new Map([['profile.json', new Blob(['[]'])]]));
    await settled();
    world.attributes.profile = 'ann';
    await (way === 'leave' ? learner.leave('The element was removed') : learner.load());
    read.resolve();
    await expect(imported).rejects.toMatchObject({ name: 'AbortError' });
    expect(last.examples).toEqual([{ text: 'A paragraph.' }]);
    expect(world.profiles.forgotten).toEqual([]);
    expect(world.heard('error')).toEqual([]);
  });

  test('ends its run when it is replaced, and drops the lessons that wait', async () => {
    const learner = world.learner();
    const lesson = { text: 'A paragraph.' };
    const files = new Map([['profile.json', new Blob(['[]'])]]);
    const taught = learner.teach(lesson);
    await eventually(() => expect(learner.watch.run).toBeDefined());
    const waiting = [learner.teach('Another one.'), learner.learn()];
    const ended = [taught, ...waiting].map((each) => expect(each).rejects.toMatchObject({ name: 'AbortError' }));
    await settled();
    await learner.import(files);
    await Promise.all(ended);
    expect(learner.status).toMatchObject({ state: 'ready', error: undefined });
    expect([world.profiles.last.examples, world.profiles.last.runs.length]).toEqual([[], 1]);
    // The import replaced the profile and its examples, so teaching the same text (`lesson`) adds it again.
    const again = learner.teach(lesson);
    await eventually(() => expect(learner.watch.run).toBeDefined());
    expect(world.profiles.last.examples).toEqual([lesson]);
    world.profiles.last.runs[1]?.finish();
    await again;
  });
});
