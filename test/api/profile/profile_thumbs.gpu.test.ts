import { IDBFactory } from 'fake-indexeddb';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import {
  AutoModelForCausalLM,
  Profile,
  type ProfileOptions,
  type RatedExample,
  type TrainRun,
} from '../../../src/index';
import { smallWriter } from '../../helpers/models/small_writer';
import { storedCheckpoints, visit, weightsOf } from '../../helpers/session/profiles';
import type { TestSession } from '../../helpers/session/session';

/** Each test has a browser with empty storage. */
beforeEach(() => void vi.stubGlobal('indexedDB', new IDBFactory()));
afterEach(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

const files = smallWriter();
const args = { per_device_train_batch_size: 2, max_length: 32, learning_rate: 0.05, save_steps: 1 };
const options = { peft_config: { r: 4, target_modules: ['q_proj'] }, args };

const prompt = 'The sea was';
const text = { text: 'The captain went below, and slept.' };
const pair = { prompt, chosen: ' calm.', rejected: ' of a colour that nobody had seen.' };
const good = { prompt, completion: ' calm.', label: true };
const bad = { prompt, completion: ' of a colour that nobody had seen.', label: false };

async function open({ session }: TestSession, more: ProfileOptions = {}): Promise<Profile> {
  const base = await AutoModelForCausalLM.from_pretrained({ files }, { session });
  return Profile.open(base, 'ada', { ...options, ...more });
}

describe('learning', () => {
  test('takes examples, preferences and ratings in turn, in one run with one count of steps', async () => {
    await visit(async (opened) => {
      const profile = await open(opened);
      await profile.add([text, pair, good, bad]);
      const before = await weightsOf(profile);
      const asked = { args: { max_steps: 4 }, ratings: { max_steps: 3, beta: 0.3 } };
      expect(await profile.steps(asked)).toBe(7);
      const run = profile.learn(asked);
      const steps: number[] = [];
      for await (const event of run) {
        if (event.type !== 'log') continue;
        expect(event.state).toMatchObject({ global_step: event.logs.step, max_steps: 7 });
        steps.push(event.logs.step);
        if (event.logs.step > 4) expect(event.logs).toHaveProperty('kl');
        if (event.logs.step === 3) expect(event.logs).toHaveProperty('rewards/accuracies');
      }
      expect(steps).toEqual([1, 2, 3, 4, 5, 6, 7]);
      expect(run.state.log_history.map(({ step }) => step)).toEqual(steps);
      const output = await run;
      const [record] = profile.info.history;
      expect(record).toMatchObject({ method: 'train', examples: 4, held_out: 0, steps: 7, taken: true });
      expect(output).toMatchObject({ global_step: 7, metrics: { taken: 1, loss_after: record?.loss_after } });
      const [likelihood, preferences, ratings] = record?.phases ?? [];
      expect(likelihood).toMatchObject({ kind: 'examples', examples: 1, steps: 2, accuracy_before: null });
      // With an untrained adapter, both texts have the probabilities that the base model gives them.
      const untrained = { loss_before: expect.closeTo(Math.log(2), 5), accuracy_before: 0, accuracy_after: 1 };
      expect(preferences).toMatchObject({ kind: 'preferences', examples: 1, steps: 2, ...untrained });
      expect(ratings).toMatchObject({ kind: 'ratings', examples: 2, steps: 3, loss_before: 0.5, accuracy_after: null });
      for (const { loss_before, loss_after } of record?.phases ?? []) expect(loss_after).toBeLessThan(loss_before);
      expect(await weightsOf(profile)).not.toEqual(before);
      await profile.rollback();
      expect(await weightsOf(profile)).toEqual(before);
      expect(profile.info).toMatchObject({ examples: 1, ratings: 2, preferences: 1, can_roll_back: false });
    });
  });

  let straight: Promise<unknown> | undefined;

  test.each([3, 5])(
    'resumes to the same bytes in the phase in which its page was closed, after step %i',
    async (last) => {
      const learnt = (interrupt: boolean) =>
        visit(async (opened) => {
          const profile = await open(opened);
          if (profile.info.seen === 0) await profile.add([text, pair, good, bad]);
          if (interrupt) {
            const run = profile.learn({ args: { max_steps: 7 } });
            const failed = expect(Promise.resolve(run)).rejects.toMatchObject({ name: 'AbortError' });
            for await (const { type, state } of run) if (type === 'save' && state.global_step >= last) break;
            await opened.session.close();
            return failed;
          }
          const { learning } = profile;
          expect(await (learning ?? profile.learn({ args: { max_steps: 7 } }))).toMatchObject({ global_step: 7 });
          if (learning !== undefined) expect(learning.state.log_history[0]?.step).toBeGreaterThan(2);
          expect(await storedCheckpoints()).toEqual([]);
          const [record] = profile.info.history;
          return { phases: record?.phases, weights: await weightsOf(profile) };
        });
      straight ??= learnt(false);
      const expected = await straight;
      vi.stubGlobal('indexedDB', new IDBFactory());
      await learnt(true);
      expect(await learnt(false)).toEqual(expected);
    },
  );

  test('that is stopped leaves out the phases that follow, and judges all', async () => {
    await visit(async (opened) => {
      const profile = await open(opened);
      await profile.add([text, good, bad]);
      const run = profile.learn({ args: { max_steps: 200 } });
      for await (const { type } of run) if (type === 'log') break;
      await run.pause();
      const { global_step } = await run.stop();
      const [record] = profile.info.history;
      expect(record?.phases).toMatchObject([
        { kind: 'examples', steps: global_step },
        { kind: 'ratings', steps: 0, loss_after: expect.any(Number) },
      ]);
    });
  });

  test('is refused if any kind does worse', async () => {
    await visit(async (opened) => {
      const profile = await open(opened);
      await profile.add([text, bad]);
      const before = await weightsOf(profile);
      // Such a high rate destroys what was learnt from the example.
      await profile.learn({ args: { max_steps: 2 }, ratings: { max_steps: 4, learning_rate: 30, max_grad_norm: 0 } });
      const [record] = profile.info.history;
      const [likelihood] = record?.phases ?? [];
      expect(likelihood?.loss_after).toBeGreaterThan(likelihood?.loss_before ?? Number.NaN);
      expect(record).toMatchObject({ taken: false });
      expect(await weightsOf(profile)).toEqual(before);
    });
  });
});

/** Returns the change of a text's log probability over a run. */
async function changeOf(run: TrainRun, name: 'logps/chosen' | 'logps/rejected'): Promise<number> {
  const logps: number[] = [];
  for await (const event of run) if (event.type === 'log') logps.push(event.logs[name] ?? Number.NaN);
  return (logps.at(-1) ?? Number.NaN) - (logps[0] ?? Number.NaN);
}

describe('thumbs', () => {
  const ratings = { max_steps: 4, learning_rate: 0.05 };

  test.each<[string, readonly RatedExample[]]>([
    ['up alone make texts likelier', [good, { ...good, completion: ' still.' }]],
    ['down alone make texts less likely', [bad, { ...bad, completion: ' lost.' }]],
    ['up, a single one, makes its text likelier', [good]],
    ['down, a single one, makes its text less likely', [bad]],
  ])('%s', async (_, given) => {
    await visit(async (opened) => {
      const profile = await open(opened);
      await profile.add(given);
      const run = profile.learn({ ratings });
      const isGood = given[0]?.label === true;
      const change = await changeOf(run, isGood ? 'logps/chosen' : 'logps/rejected');
      expect(isGood ? change : -change).toBeGreaterThan(0);
      expect((await run).metrics).toMatchObject({ taken: 1, loss_before: expect.closeTo(0.5, 5) });
    });
  });

  test('of two that contradict, the later one is learnt', async () => {
    await visit(async (opened) => {
      const profile = await open(opened);
      expect(await profile.rate({ prompt, completion: ' calm.' }, 1)).toBe(1);
      expect(await profile.rate({ prompt, completion: ' calm.' }, -1)).toBe(1);
      const run = profile.learn({ ratings });
      expect(await changeOf(run, 'logps/rejected')).toBeLessThan(0);
      expect(profile.info).toMatchObject({ ratings: 1, history: [{ examples: 1 }] });
    });
  });

  test('of a text beside an example of it and a preference for it are learnt all the same', async () => {
    await visit(async (opened) => {
      const profile = await open(opened);
      await profile.add([{ prompt, completion: ' calm.' }, pair, { ...good, label: false }]);
      await profile.learn({ args: { max_steps: 3 } });
      const [record] = profile.info.history;
      expect(record?.phases.map(({ kind, steps }) => [kind, steps])).toEqual([
        ['examples', 1],
        ['preferences', 1],
        ['ratings', 1],
      ]);
      expect(profile.info).toMatchObject({ examples: 1, ratings: 1, preferences: 1 });
    });
  });

  test('of texts longer than the model takes are learnt by their beginning; prompts that fill it are left out', async () => {
    await visit(async (opened) => {
      const profile = await open(opened);
      const long = ' and the sea'.repeat(600);
      await profile.rate({ prompt, completion: long }, 1);
      await profile.rate({ prompt: long, completion: ' calm.' }, 1);
      expect(await changeOf(profile.learn({ ratings }), 'logps/chosen')).toBeGreaterThan(0);
      expect(profile.info).toMatchObject({ ratings: 2, history: [{ examples: 2, taken: true }] });
      expect(opened.warnings).toContain('left_out');
      await profile.rate({ prompt, completion: long }, 0);
      await expect(Promise.resolve(profile.learn({ ratings }))).rejects.toMatchObject({ code: 'invalid_argument' });
      // If one kind of feedback has nothing to learn from, the other kinds are still learnt.
      await profile.add(text);
      await profile.learn({ args: { max_steps: 2 } });
      expect(profile.info.history.at(-1)).toMatchObject({ steps: 2, phases: [{ kind: 'examples' }] });
    });
  });

  test('ten thousand leave a sample, of which a tenth is held out and judges', async () => {
    // With seed 0, eleven ratings are held out; with one seed in eleven, five or fewer are.
    vi.spyOn(crypto, 'getRandomValues').mockImplementation((seeds) => seeds);
    await visit(async (opened) => {
      const profile = await open(opened, { max_examples: 100 });
      const many = Array.from({ length: 10_000 }, (_, n) => ({ prompt, completion: ` ${n}`, label: n % 3 === 0 }));
      await profile.add(many);
      expect(profile.info).toMatchObject({ ratings: 100, examples: 0 });
      expect(await profile.steps({ ratings: { per_device_train_batch_size: 8 } })).toBeGreaterThan(25);
      await profile.learn({ ratings: { max_steps: 2, per_device_train_batch_size: 8 } });
      const [record] = profile.info.history;
      const [phase] = record?.phases ?? [];
      expect(phase).toMatchObject({ held_out: 11, examples: 89 });
      expect(phase?.loss_after).not.toBe(phase?.loss_before);
    });
  });
});
