import { IDBFactory } from 'fake-indexeddb';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Profile } from '../../../../src/index';
import { eventually } from '../../../helpers/eventually';
import { loadTiny } from '../../../helpers/models/tiny_llama';
import { firstLog } from '../../../helpers/models/tiny_training';
import {
  habit,
  profileOptions as options,
  stored,
  storedCheckpoints,
  visit,
  weightsOf,
} from '../../../helpers/session/profiles';
import { unhandledDuring } from '../../../helpers/unhandled';
import { FakeLocks } from '../../../worker/fake_locks';

/** Each test has a browser with empty storage. */
beforeEach(() => void vi.stubGlobal('indexedDB', new IDBFactory()));
afterEach(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

describe('a run that is interrupted', () => {
  test.each(['the session', 'the profile', 'the model'])(
    'resumes in the next visit to the same bytes: %s was closed',
    async (what) => {
      const learnt = async (interrupt: boolean) =>
        visit(async (opened) => {
          const base = await loadTiny(opened);
          const profile = await Profile.open(base, 'ada', options);
          if (profile.info.seen === 0) await profile.add(habit(1));
          if (interrupt) {
            const run = profile.learn({ args: { save_steps: 1 } });
            const failed = expect(Promise.resolve(run)).rejects.toMatchObject({ name: 'AbortError' });
            for await (const { type } of run) if (type === 'save') break;
            const closed = { 'the profile': profile, 'the model': base }[what];
            await (closed === undefined ? opened.session.close() : closed.dispose());
            return failed;
          }
          const { learning } = profile;
          const { global_step } = await (learning ?? profile.learn({ args: { save_steps: 1 } }));
          expect(global_step).toBe(4);
          expect(profile.learning).toBeUndefined();
          expect(await storedCheckpoints()).toEqual([]);
          return { resumed: learning?.state.log_history.length, weights: await weightsOf(profile) };
        });
      const straight = await learnt(false);
      vi.stubGlobal('indexedDB', new IDBFactory());
      await learnt(true);
      expect(await learnt(false)).toEqual({ ...straight, resumed: 4 });
    },
  );

  test('by its caller leaves everything as it was', async () => {
    await visit(async (opened) => {
      const profile = await Profile.open(await loadTiny(opened), 'ada', options);
      await profile.add(habit(1));
      const before = await weightsOf(profile);
      const controller = new AbortController();
      const run = profile.learn({ signal: controller.signal, args: { save_steps: 1 } });
      await firstLog(run);
      await expect(Promise.resolve(profile.learn())).rejects.toMatchObject({ message: /learning already/ });
      controller.abort('enough');
      await expect(Promise.resolve(run)).rejects.toBe('enough');
      expect(await weightsOf(profile)).toEqual(before);
      expect(profile.info.history).toEqual([]);
      expect((await stored()).get('profile/ada/unfinished')).toBeNull();
      expect(await storedCheckpoints()).toEqual([]);
    });
  });

  test('by its caller gives way to runs that are requested at once, of which only the last one learns', async () => {
    await visit(async (opened) => {
      const profile = await Profile.open(await loadTiny(opened), 'ada', options);
      await profile.add(habit(1));
      const first = new AbortController();
      const run = profile.learn({ signal: first.signal, args: { max_steps: 200 } });
      await firstLog(run);
      first.abort('text changed');
      const second = new AbortController();
      const left = profile.learn({ signal: second.signal });
      const last = profile.learn();
      second.abort('changed again');
      await expect(Promise.resolve(run)).rejects.toBe('text changed');
      await expect(Promise.resolve(left)).rejects.toBe('changed again');
      expect(await last).toMatchObject({ global_step: 4 });
      expect(profile.info.history).toHaveLength(1);
      expect(await storedCheckpoints()).toEqual([]);
    });
  });

  test('for idle time waits while its page is hidden or in use, and resumes by itself', async () => {
    const page = Object.assign(new EventTarget(), { visibilityState: 'visible' });
    vi.stubGlobal('document', page);
    await visit(async (opened) => {
      const profile = await Profile.open(await loadTiny(opened), 'ada', options);
      await profile.add(habit(1));
      const run = profile.learn({ when: 'idle', args: { max_steps: 100 } });
      const told: string[] = [];
      for await (const event of run) {
        if (event.type === 'log' && told.length === 0) page.dispatchEvent(new Event('keydown'));
        // The run also pauses before its first step, because a page counts as in use when it opens. Those events aren't counted here.
        if ('reason' in event && event.state.global_step > 0) told.push(`${event.type} ${event.reason}`);
        if (told.length === 2) {
          page.visibilityState = 'hidden';
          page.dispatchEvent(new Event('visibilitychange'));
        }
        if (told.length === 3) {
          page.visibilityState = 'visible';
          page.dispatchEvent(new Event('visibilitychange'));
        }
        if (told.length === 4) break;
      }
      expect(told).toEqual(['paused busy', 'resumed busy', 'paused hidden', 'resumed hidden']);
      await run.stop();
    });
  });

  test('that is stopped is judged by its present result', async () => {
    await visit(async (opened) => {
      const profile = await Profile.open(await loadTiny(opened), 'ada', options);
      await profile.add(habit(1));
      const run = profile.learn({ args: { max_steps: 200 } });
      await firstLog(run);
      await run.pause();
      const { global_step, metrics } = await run.stop();
      expect(global_step).toBeLessThan(200);
      expect(profile.info.history).toMatchObject([{ steps: global_step, taken: metrics.taken === 1 }]);
    });
  });
});

describe('a run that resumed when its profile was opened', () => {
  beforeEach(async () => {
    await visit(async (opened) => {
      const profile = await Profile.open(await loadTiny(opened), 'ada', options);
      await profile.add(habit(1));
      const run = profile.learn({ args: { max_steps: 200, save_steps: 1 } });
      const failed = expect(Promise.resolve(run)).rejects.toMatchObject({ name: 'AbortError' });
      for await (const { type } of run) if (type === 'save') break;
      await opened.session.close();
      await failed;
    });
  });

  test('is joined by the first learn, and by no other', async () => {
    await visit(async (opened) => {
      const profile = await Profile.open(await loadTiny(opened), 'ada', options);
      const resumed = profile.learning;
      const wrong = Promise.resolve(profile.learn({ args: { max_steps: 0 } }));
      await expect(wrong).rejects.toMatchObject({ code: 'invalid_argument', message: /max_steps/ });
      const tooLate = Promise.resolve(profile.learn({ signal: AbortSignal.abort('too late') }));
      await expect(tooLate).rejects.toBe('too late');
      expect(profile.learning).toBe(resumed);
      const run = profile.learn({ signal: new AbortController().signal });
      expect(run).toBe(resumed);
      await expect(Promise.resolve(profile.learn())).rejects.toMatchObject({ message: /learning already/ });
      await firstLog(run);
      expect(run.state.max_steps).toBe(200);
      const { global_step } = await run.stop();
      expect(profile.info.history).toMatchObject([{ steps: global_step }]);
    });
  });

  test('isn’t joined once it was stopped: a learn waits for its result', async () => {
    await visit(async (opened) => {
      const profile = await Profile.open(await loadTiny(opened), 'ada', options);
      const resumed = profile.learning;
      if (resumed === undefined) throw new Error('No run has resumed');
      await firstLog(resumed);
      const stopped = resumed.stop();
      const run = profile.learn();
      expect(run).not.toBe(resumed);
      expect((await stopped).global_step).toBeLessThan(200);
      expect(await run).toMatchObject({ global_step: 4 });
      expect(profile.info.history).toHaveLength(2);
    });
  });

  test('is an unhandled rejection if the caller that joined it drops it, and it fails', async () => {
    await visit(async (opened) => {
      const profile = await Profile.open(await loadTiny(opened), 'ada', options);
      const caller = new AbortController();
      const unhandled = await unhandledDuring(async () => {
        profile.learn({ signal: caller.signal });
        caller.abort('enough');
        await eventually(() => expect(profile.learning).toBeUndefined());
      });
      expect(unhandled).toEqual(['enough']);
    });
  });

  test('ends by the signal of the caller that joined it, and leaves everything as it was', async () => {
    await visit(async (opened) => {
      const profile = await Profile.open(await loadTiny(opened), 'ada', options);
      const before = await weightsOf(profile);
      const caller = new AbortController();
      const run = profile.learn({ signal: caller.signal });
      await firstLog(run);
      caller.abort('enough');
      const next = profile.learn();
      await expect(Promise.resolve(run)).rejects.toBe('enough');
      expect(await weightsOf(profile)).toEqual(before);
      expect(await next).toMatchObject({ global_step: 4 });
      expect(await storedCheckpoints()).toEqual([]);
    });
  });
});

describe('the checkpoints of an interrupted run', () => {
  beforeEach(async () => {
    await visit(async (opened) => {
      const profile = await Profile.open(await loadTiny(opened), 'ada', options);
      await profile.add(habit(1));
      const run = profile.learn({ args: { save_steps: 1 } });
      const failed = expect(Promise.resolve(run)).rejects.toMatchObject({ name: 'AbortError' });
      for await (const { type } of run) if (type === 'save') break;
      await opened.session.close();
      await failed;
    });
    expect(await storedCheckpoints()).not.toEqual([]);
  });

  test('are deleted by the visit that stores no examples, because they hold examples, too', async () => {
    await visit(async (opened) => {
      const profile = await Profile.open(await loadTiny(opened), 'ada', { keep_examples: false });
      expect([profile.learning, await storedCheckpoints()]).toEqual([undefined, []]);
      await profile.learn();
      expect(profile.info.history).toHaveLength(1);
    });
  });

  test('stay while another tab learns', async () => {
    const locks = new FakeLocks();
    vi.stubGlobal('navigator', { ...globalThis.navigator, locks: locks.manager });
    locks.of('other').request('webvera:learn:ada', {}, () => new Promise(() => {}));
    await visit(async (opened) => {
      await Profile.open(await loadTiny(opened), 'ada', { keep_examples: false });
      expect(await storedCheckpoints()).not.toEqual([]);
    });
  });
});
