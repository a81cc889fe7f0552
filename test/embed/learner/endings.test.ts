import { beforeEach, describe, expect, test, vi } from 'vitest';
import { WebVeraError } from '../../../src/index';
import { eventually } from '../../helpers/eventually';
import { withResolvers } from '../../helpers/with_resolvers';
import { newWorld, settled, type World } from '../learner_world';

let world: World;
beforeEach(() => {
  world = newWorld();
});

describe('a visit ends before the next one begins', () => {
  /** Makes the open profile close only once the returned promise is resolved. */
  const closesLate = () => {
    const closed = withResolvers<void>();
    vi.spyOn(world.profiles.last, 'dispose').mockReturnValue(closed.promise);
    return closed;
  };

  test('if the element was left, so that two models are never loaded at once', async () => {
    const learner = world.learner();
    await learner.load();
    const closed = closesLate();
    const left = learner.leave('gone');
    world.attributes.model = 'org/other';
    const loading = learner.load();
    await settled();
    await settled();
    expect(world.models.map(({ disposed }) => disposed)).toEqual([0]);
    closed.resolve();
    await Promise.all([left, loading]);
    expect(world.models.map(({ disposed }) => disposed)).toEqual([1, 0]);
  });

  test('if the GPU was lost, so that a listener’s `load` doesn’t get the lost model', async () => {
    let again: Promise<void> | undefined;
    const learner = world.learner((type) => {
      if (type === 'error') again = learner.load();
    });
    await learner.load();
    const closed = closesLate();
    const lost = new WebVeraError('device_lost', 'The GPU device was lost');
    vi.spyOn(world.profiles.last, 'predict').mockRejectedValue(lost);
    await expect(learner.predict('It was')).rejects.toBe(lost);
    await settled();
    closed.resolve();
    await again;
    expect(learner.visit?.model).toBe(world.models[1]);
  });
});

describe('a session that ends unexpectedly', () => {
  test('ends the visit, and is reported', async () => {
    const learner = world.learner();
    await learner.load();
    world.sessions[0]?.end();
    expect(learner.status).toMatchObject({ state: 'error', error: { code: 'worker_crashed' } });
    await learner.load();
    expect(world.sessions).toHaveLength(2);
    expect(learner.status.state).toBe('ready');
  });

  test('ends the current run, too', async () => {
    const learner = world.learner();
    const taught = learner.teach('A paragraph.');
    await eventually(() => expect(learner.watch.run).toBeDefined());
    world.sessions[0]?.end();
    expect(learner.status).toMatchObject({ state: 'error', error: { code: 'worker_crashed' } });
    expect([learner.watch.run, learner.visit?.model]).toEqual([undefined, undefined]);
    world.profiles.last.runs[0]?.fail(new DOMException('The session was closed', 'AbortError'));
    await expect(taught).rejects.toMatchObject({ code: 'worker_crashed' });
    expect(world.heard('error')).toHaveLength(1);
    await learner.load();
    expect(world.sessions).toHaveLength(2);
    expect(learner.status.state).toBe('ready');
  });
});
