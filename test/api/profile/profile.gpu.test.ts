import { IDBFactory } from 'fake-indexeddb';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Profile, Trainer, VeraModel, WebVeraError } from '../../../src/index';
import { ProfileHost } from '../../../src/page/profile/host';
import { OpenProfile } from '../../../src/page/profile/open_profile';
import { loadTiny } from '../../helpers/models/tiny_llama';
import { firstLog } from '../../helpers/models/tiny_training';
import {
  habit,
  heard,
  profileOptions as options,
  stored,
  visit,
  weightsOf,
  writingOf,
  writingsOf,
} from '../../helpers/session/profiles';
import { bytesOf } from '../../helpers/session/session';

/** Each test has a browser with empty storage. */
beforeEach(() => void vi.stubGlobal('indexedDB', new IDBFactory()));
afterEach(() => void vi.unstubAllGlobals());

const much = { args: { max_steps: 12, learning_rate: 0.3 } };

describe('a profile', () => {
  test('learns, stores the result, and continues from it in a later visit', async () => {
    const first = await visit(async (opened) => {
      const profile = await Profile.open(await loadTiny(opened), 'ada', options);
      expect(profile.info).toMatchObject({ id: 'ada', examples: 0, seen: 0, history: [], can_roll_back: false });
      expect(await profile.add(habit(1))).toBe(12);
      const steps = await profile.steps();
      const { metrics, global_step } = await profile.learn();
      expect(global_step).toBe(4);
      expect(steps).toBe(global_step);
      expect(await profile.steps({ args: { max_steps: 7 } })).toBe(7);
      expect(metrics).toMatchObject({ taken: 1, held_out: 1 });
      expect(metrics.loss_after).toBeLessThan(metrics.loss_before as number);
      return { weights: await weightsOf(profile), text: await writingOf(profile), info: profile.info };
    });
    expect(first.info.history).toMatchObject([{ examples: 11, held_out: 1, steps: 4, taken: true }]);
    await visit(async (opened) => {
      const base = await loadTiny(opened);
      const profile = await Profile.open(base, 'ada');
      expect(profile.info).toEqual({ ...first.info, used_at: expect.any(Number) });
      expect(await weightsOf(profile)).toEqual(first.weights);
      expect(await writingOf(profile)).toEqual(first.text);
      const files = new Map(await profile.export());
      const model = await VeraModel.from_pretrained(base, { files }, { is_trainable: true });
      const learnt = habit(1).filter((_, n) => n !== 9);
      await new Trainer({ model, ...(options.args && { args: options.args }), train_dataset: learnt }).train();
      expect((await profile.learn()).metrics).toMatchObject({ taken: 1 });
      // A second `learn` continues from the first one's vectors.
      const expected = await bytesOf((await model.save_pretrained())['adapter_model.safetensors']);
      expect(await weightsOf(profile)).toEqual(expected);
    });
  });

  test('generates as in a session of its own, beside others and while one learns', async () => {
    const alone = async (id: string, stride: number) =>
      visit(async (opened) => {
        const profile = await Profile.open(await loadTiny(opened), id, options);
        await profile.add(habit(stride));
        await profile.learn(much);
        return [await writingOf(profile, 3), await writingOf(profile, 4), await weightsOf(profile)] as const;
      });
    const ada = await alone('ada', 1);
    const bob = await alone('bob', 5);
    expect(ada[0]).not.toEqual(bob[0]);
    vi.stubGlobal('indexedDB', new IDBFactory());
    await visit(async (opened) => {
      const base = await loadTiny(opened);
      const [first, second] = [await Profile.open(base, 'ada', options), await Profile.open(base, 'bob', options)];
      await first.add(habit(1));
      await second.add(habit(5));
      await Promise.all([first.learn(much), second.learn(much)]);
      expect(await weightsOf(first)).toEqual(ada[2]);
      expect(await weightsOf(second)).toEqual(bob[2]);
      expect(await writingsOf([first, second])).toEqual([ada[0], bob[1]]);
      const learning = second.learn({ args: { max_steps: 8 } });
      await firstLog(learning);
      await learning.pause(); // without the pause, the run could end before the texts are generated
      // A profile that is learning generates with its earlier vectors.
      expect(await writingOf(first)).toEqual(ada[0]);
      expect(await writingOf(second)).toEqual(bob[0]);
      await learning.resume();
      await learning;
      expect(await writingOf(first)).toEqual(ada[0]);
      expect(opened.warnings.filter((code) => code === 'active_adapter_deleted')).toEqual([]);
    });
  });

  test('is open once, until all its handles are disposed of', async () => {
    await visit(async (opened) => {
      const base = await loadTiny(opened);
      const [first, second] = await Promise.all([
        Profile.open(base, 'ada', options),
        Profile.open(base, 'ada', options),
      ]);
      const told = heard(second, 'change');
      expect(await first.add(habit(1))).toBe(12);
      await told;
      expect(second.info.examples).toBe(12);
      await expect(Profile.open(base, 'ada', { peft_config: { r: 4 } })).rejects.toMatchObject({
        message: /r: expected 8/,
      });
      expect((await Profile.open(base, 'ada', { max_examples: 3 })).info.examples).toBe(3);
      await first.dispose();
      await first.dispose();
      await expect(writingOf(first)).rejects.toMatchObject({ code: 'invalid_argument' });
      await expect(first.add(habit(1))).rejects.toMatchObject({ code: 'invalid_argument' });
      await expect(first.export()).rejects.toMatchObject({ code: 'invalid_argument' });
      await expect(Promise.resolve(first.learn())).rejects.toMatchObject({ code: 'invalid_argument' });
      expect(await writingOf(second)).toHaveLength(12);
    });
  });

  test('can be opened while it is closed, forgotten, or opened by an aborted call', async () => {
    await visit(async (opened) => {
      const base = await loadTiny(opened);
      const profile = await Profile.open(base, 'ada', options);
      await profile.add(habit(1));
      const text = profile.generate([5, 6, 7, 8], { max_new_tokens: 30, eos_token_id: null });
      const closing = profile.dispose();
      const again = await Profile.open(base, 'ada');
      await Promise.all([closing, text]);
      expect(again.info.examples).toBe(12);
      const forgetting = again.forget();
      const anew = await Profile.open(base, 'ada', options);
      await forgetting;
      expect(anew.info.examples).toBe(0);
      await anew.dispose();
      const controller = new AbortController();
      const given = Profile.open(base, 'ada', { signal: controller.signal });
      const other = Profile.open(base, 'ada');
      controller.abort('enough');
      await expect(given).rejects.toBe('enough');
      expect(await writingOf(await other)).toHaveLength(12);
    });
  });

  test('keeps its settings if a call that would change them is aborted', async () => {
    await visit(async (opened) => {
      const base = await loadTiny(opened);
      const abortable = (): [Promise<Profile>, AbortController] => {
        const controller = new AbortController();
        return [Profile.open(base, 'ada', { max_examples: 3, signal: controller.signal }), controller];
      };
      const profile = await Profile.open(base, 'ada', options);
      await profile.add(habit(1));
      const { configure } = OpenProfile.prototype;
      const spy = vi.spyOn(OpenProfile.prototype, 'configure').mockImplementation(function (this: OpenProfile, given) {
        const configured = configure.call(this, given);
        ofOpen.abort('late');
        return configured;
      });
      const [shared, ofOpen] = abortable();
      await expect(shared).rejects.toBe('late');
      spy.mockRestore();
      await profile.dispose();
      const [given, ofClosed] = abortable();
      ofClosed.abort('enough');
      await expect(given).rejects.toBe('enough');
      expect((await Profile.open(base, 'ada')).info.examples).toBe(12);
    });
  });

  test('keeps its vectors if no adapter may have the new ones', async () => {
    await visit(async (opened) => {
      const base = await loadTiny(opened);
      const profile = await Profile.open(base, 'ada', { ...options, peft_config: { r: 8, d_initial: 1e4 } });
      await profile.add(habit(1));
      const before = await weightsOf(profile);
      const error = { code: 'numerical_error', message: expect.stringContaining('values of at most 10000') };
      await expect(Promise.resolve(profile.learn({ args: { learning_rate: 3 } }))).rejects.toMatchObject(error);
      expect(profile.info.history).toEqual([]);
      await profile.dispose();
      expect(await weightsOf(await Profile.open(base, 'ada'))).toEqual(before);
    });
  });

  test('is judged by the examples that it learns while no held-out one has a label', async () => {
    await visit(async (opened) => {
      const profile = await Profile.open(await loadTiny(opened), 'ada', options);
      await profile.add([...habit(1, 9), { input_ids: [5] }]);
      expect((await profile.learn()).metrics).toMatchObject({ held_out: 0, taken: 1 });
    });
  });

  test("doesn't take a worse result", async () => {
    await visit(async (opened) => {
      const profile = await Profile.open(await loadTiny(opened), 'ada', options);
      await profile.add(habit(1));
      await profile.learn({ args: { max_steps: 40, learning_rate: 0.3 } });
      const [weights, text] = [await weightsOf(profile), await writingOf(profile)];
      // At this rate, the adapter loses all that it has learnt. A model that predicts at random has a loss of ln 32 = 3.5; this one had
      // 3.1.
      const { metrics } = await profile.learn({ args: { learning_rate: 50, max_grad_norm: 0 } });
      expect(metrics).toMatchObject({ taken: 0 });
      expect(profile.info.history.map(({ taken }) => taken)).toEqual([true, false]);
      expect(await weightsOf(profile)).toEqual(weights);
      expect(await writingOf(profile)).toEqual(text);
    });
  });

  test('rolls back to the earlier bytes, once', async () => {
    await visit(async (opened) => {
      const profile = await Profile.open(await loadTiny(opened), 'ada', options);
      const fresh = await weightsOf(profile);
      const refusal = { code: 'invalid_argument', hint: expect.stringContaining('info.can_roll_back') };
      await expect(profile.rollback()).rejects.toMatchObject(refusal);
      await profile.add(habit(1));
      await profile.learn();
      const [first, text] = [await weightsOf(profile), await writingOf(profile)];
      expect(first).not.toEqual(fresh);
      await profile.learn();
      expect(await weightsOf(profile)).not.toEqual(first);
      await profile.rollback();
      expect(profile.info.can_roll_back).toBe(false);
      expect(profile.info.history.map(({ undone }) => undone)).toEqual([undefined, true]);
      expect(await weightsOf(profile)).toEqual(first);
      expect(await writingOf(profile)).toEqual(text);
    });
  });

  test('resolves once it is stored, though the device is lost right after', async () => {
    await visit(async (opened) => {
      const profile = await Profile.open(await loadTiny(opened), 'ada', options);
      const fresh = await weightsOf(profile);
      await profile.add(habit(1));
      await profile.learn();
      const changed = heard(profile, 'change');
      const lost = new WebVeraError('device_lost', 'The device is lost');
      vi.spyOn(ProfileHost.prototype, 'remove').mockRejectedValueOnce(lost);
      await profile.rollback();
      await changed;
      expect(profile.info.can_roll_back).toBe(false);
      expect(await weightsOf(profile)).toEqual(fresh);
    });
  });

  test('holds examples only in memory without keep_examples', async () => {
    const examplesOf = async (id: string) =>
      ((await stored()).get(`profile/${id}/examples`) as { kept: unknown[] } | undefined)?.kept.length;
    await visit(async (opened) => {
      const base = await loadTiny(opened);
      const profile = await Profile.open(base, 'ada', { ...options, keep_examples: false });
      const counts: number[] = [];
      profile.addEventListener('change', () => counts.push(profile.info.examples));
      expect(await profile.add(habit(1))).toBe(12);
      expect(counts).toEqual([12]);
      await profile.learn();
      expect(profile.info).toMatchObject({ examples: 12, seen: 12, history: [{ examples: 11, taken: true }] });
      expect(await examplesOf('ada')).toBe(0);
      // `keep_examples: true` stores the examples that are in memory, and `false` deletes them from the store.
      await Profile.open(base, 'ada', { keep_examples: true });
      expect([await examplesOf('ada'), profile.info.examples]).toEqual([12, 12]);
      const files = await profile.export();
      await Profile.open(base, 'ada', { keep_examples: false });
      expect([await examplesOf('ada'), profile.info.examples]).toEqual([0, 12]);
      const imported = await Profile.import(base, files, 'bob', { keep_examples: false });
      expect([await examplesOf('bob'), imported.info.examples]).toEqual([0, 12]);
    });
    await visit(async (opened) => {
      const profile = await Profile.open(await loadTiny(opened), 'ada');
      expect(profile.info).toMatchObject({ examples: 0, seen: 12, history: [{ taken: true }] });
    });
  });

  test('takes classes only for bases that have some', async () => {
    await visit(async (opened) => {
      const profile = await Profile.open(await loadTiny(opened), 'ada', options);
      await expect(profile.predict('text')).rejects.toMatchObject({ code: 'invalid_argument' });
    });
  });
});
