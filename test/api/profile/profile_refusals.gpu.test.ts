import { IDBFactory, IDBObjectStore } from 'fake-indexeddb';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { writeSafetensors } from '../../../src/formats/tensors/safetensors';
import { AutoModelForCausalLM, type Example, Profile } from '../../../src/index';
import { loadTiny, tinyFiles, tinyRow, tinyTensors } from '../../helpers/models/tiny_llama';
import { habit, profileOptions as options, visit } from '../../helpers/session/profiles';

/** Each test has a browser with empty storage. */
beforeEach(() => void vi.stubGlobal('indexedDB', new IDBFactory()));
afterEach(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

describe('what is refused, and changes nothing', () => {
  test.each(['', '\ud800', 'x'.repeat(201), 7])('the id %j', async (id) => {
    await visit(async (opened) => {
      const base = await loadTiny(opened);
      await expect(Profile.open(base, id as string)).rejects.toMatchObject({ code: 'invalid_argument' });
      await expect(Profile.forget(id as string, { session: opened.session })).rejects.toMatchObject({
        code: 'invalid_argument',
      });
    });
  });

  test('another base, other settings, adapters that change more than vectors', async () => {
    await visit(async (opened) => {
      const base = await loadTiny(opened);
      const first = await Profile.open(base, 'ada', options);
      await first.dispose();
      const refusal = { code: 'invalid_argument' };
      await expect(Profile.open(base, 'ada', { peft_config: { r: 4 } })).rejects.toMatchObject({
        ...refusal,
        message: 'profile: peft_config.r: expected 8, as it began, got 4',
      });
      const weights = tinyTensors();
      const norm = weights.get('model.norm.weight');
      norm?.bytes.fill(1, 0, 1);
      const { session } = opened;
      const files = tinyFiles({ weights: writeSafetensors(weights) });
      const other = await AutoModelForCausalLM.from_pretrained(files, { session });
      await expect(Profile.open(other, 'ada')).rejects.toMatchObject({ ...refusal, message: /other weights/ });
      await expect(Profile.open(base, 'bob', { peft_config: { bias: 'all' } })).rejects.toMatchObject(refusal);
      await expect(Profile.open(base, 'bob', { args: { epochs: 3 } as object })).rejects.toMatchObject(refusal);
      await expect(Profile.open(base, 'bob', { args: { eval_strategy: 'epoch' } })).rejects.toMatchObject({
        ...refusal,
        message: 'profile: args.eval_strategy: expected "no", its default, got \'epoch\'',
      });
      await expect(Promise.resolve(Profile.generate_batch([7 as never]))).rejects.toMatchObject(refusal);
      expect((await Profile.list({ session: opened.session })).map(({ id }) => id)).toEqual(['ada']);
    });
  });

  test('learning without examples, or with arguments that are unknown', async () => {
    await visit(async (opened) => {
      const profile = await Profile.open(await loadTiny(opened), 'ada', options);
      await expect(Promise.resolve(profile.learn())).rejects.toMatchObject({ message: /examples/ });
      expect(await profile.steps()).toBe(0);
      await expect(profile.add({ label: 1 } as never)).rejects.toMatchObject({ code: 'invalid_argument' });
      await profile.add(tinyRow(6));
      await expect(Promise.resolve(profile.learn({ args: { epochs: 1 } as object }))).rejects.toMatchObject({
        code: 'invalid_argument',
      });
      expect(await profile.steps({ args: { max_steps: 2 } })).toBe(2);
      await expect(profile.steps({ args: { epochs: 1 } as object })).rejects.toMatchObject({
        code: 'invalid_argument',
      });
      await expect(profile.steps({ method: 'instant' })).rejects.toMatchObject({ code: 'invalid_argument' });
      const early = profile.learn({ args: { early_stopping_patience: 2 } });
      await expect(Promise.resolve(early)).rejects.toMatchObject({ message: /holds? a tenth|early_stopping_patience/ });
      expect(profile.info).toMatchObject({ examples: 1, history: [] });
    });
  });

  test.each<[string, object, RegExp]>([
    ['a label', { input_ids: [1, 2], label: 'ham' }, /^examples\[1\]: expected a text to be continued, got one with a/],
    ['ids beyond the vocabulary', { input_ids: [1, 1000] }, /^examples\[1\]: input_ids: expected integers from 0/],
    ['a text, without a tokenizer', { text: 'Call me Ada.' }, /^examples\[1\]: expected \{ input_ids \}/],
  ])('an example with %s', async (_, example, message) => {
    await visit(async (opened) => {
      const { session } = opened;
      const base = await AutoModelForCausalLM.from_pretrained(tinyFiles(), { session });
      const profile = await Profile.open(base, 'ada', options);
      const refused = profile.add([tinyRow(6), example] as Example[]);
      await expect(refused).rejects.toMatchObject({ code: 'invalid_argument', message });
      expect(profile.info).toMatchObject({ examples: 0, seen: 0 });
    });
  });

  test('a full disk', async () => {
    await visit(async (opened) => {
      const profile = await Profile.open(await loadTiny(opened), 'ada', options);
      await profile.add(habit(1));
      const { info } = profile;
      const put = vi.spyOn(IDBObjectStore.prototype, 'put').mockImplementation(() => {
        throw new DOMException('full', 'QuotaExceededError');
      });
      await expect(profile.add(habit(2))).rejects.toMatchObject({ code: 'storage_full' });
      await expect(Promise.resolve(profile.learn())).rejects.toMatchObject({ code: 'storage_full' });
      await expect(Profile.open(await loadTiny(opened), 'bob', options)).rejects.toMatchObject({
        code: 'storage_full',
      });
      put.mockRestore();
      expect(profile.info).toEqual(info);
      expect(await profile.add(habit(2))).toBe(24);
    });
  });

  test('a full disk at the end of a run, which ends in the next visit', async () => {
    const { put } = IDBObjectStore.prototype;
    const isLast = (value: unknown) => ((value as { history?: unknown[] }).history ?? []).length > 0;
    const spy = vi.spyOn(IDBObjectStore.prototype, 'put').mockImplementation(function (
      this: IDBObjectStore,
      ...written
    ) {
      if (isLast(written[0])) throw new DOMException('full', 'QuotaExceededError');
      return put.apply(this, written);
    });
    await visit(async (opened) => {
      const profile = await Profile.open(await loadTiny(opened), 'ada', options);
      await profile.add(habit(1));
      await expect(Promise.resolve(profile.learn())).rejects.toMatchObject({
        code: 'storage_full',
        hint: 'Delete stored adapters or profiles, or free disk space.',
      });
      expect(profile.info.history).toEqual([]);
    });
    spy.mockRestore();
    await visit(async (opened) => {
      const profile = await Profile.open(await loadTiny(opened), 'ada', options);
      const { learning } = profile;
      const resumed: string[] = [];
      for await (const { type, state } of learning ?? []) resumed.push(`${type} ${state.global_step}`);
      expect(resumed[0]).toBe('restored 4');
      expect(await learning).toMatchObject({ global_step: 4, metrics: { taken: 1 } });
      expect(profile.info.history).toMatchObject([{ steps: 4, taken: true }]);
    });
  });
});
