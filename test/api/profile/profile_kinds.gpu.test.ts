import { IDBFactory } from 'fake-indexeddb';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Profile, type ProfileOptions } from '../../../src/index';
import { idsOf } from '../../helpers/generated_ids';
import { loadTiny } from '../../helpers/models/tiny_llama';
import { habit, profileOptions, stored, visit, weightsOf, writingOf } from '../../helpers/session/profiles';

const vera = profileOptions;
const lora: ProfileOptions = { ...profileOptions, peft_config: { peft_type: 'LORA', r: 2 } };
const ia3: ProfileOptions = { ...profileOptions, peft_config: { peft_type: 'IA3' } };
const unilora: ProfileOptions = { ...profileOptions, peft_config: { peft_type: 'UNILORA' } };

/** Each test has a browser with empty storage. */
beforeEach(() => void vi.stubGlobal('indexedDB', new IDBFactory()));
afterEach(() => void vi.unstubAllGlobals());

test.each(['dispose', 'forget'] as const)('profiles of several kinds, one after the other, by %s', (end) =>
  visit(async (opened) => {
    const base = await loadTiny(opened);
    const [written, bytes]: [number[][], number[]] = [[], []];
    for (const options of [vera, lora, ia3, unilora, vera, lora]) {
      const profile = await Profile.open(base, options.peft_config?.peft_type ?? 'VERA', options);
      if (profile.info.seen === 0) await profile.add(habit(1));
      await profile.learn({ args: { max_steps: 2 } });
      written.push(await writingOf(profile));
      await profile[end]();
      await base.memory(); // resolves after earlier calls have freed their memory
      bytes.push(opened.storageBytes());
    }
    // The programs of the first profile of each adapter kind stay in memory, and later profiles reuse them.
    expect(bytes.slice(4)).toEqual([bytes[3], bytes[3]]);
    expect(written).toEqual(Array(6).fill(expect.objectContaining({ length: 12 })));
  }),
);

test('a profile of another kind than that of an open one is refused, and changes nothing', () =>
  visit(async (opened) => {
    const base = await loadTiny(opened);
    const other = await Profile.open(base, 'b.c', lora);
    const files = await other.export();
    await other.dispose();
    const first = await Profile.open(base, 'a', vera);
    const [weights, text, before] = [await weightsOf(first), await writingOf(first), await stored()];
    const refusal = {
      code: 'invalid_argument',
      message: `profile: peft_config.peft_type: expected "VERA", as in profile 'a' over the same model, got 'LORA'`,
      hint: /one kind of adapter at a time.*load the model again/,
    };
    await expect(Profile.open(base, 'new', lora)).rejects.toMatchObject(refusal);
    await expect(Profile.open(base, 'b.c')).rejects.toMatchObject(refusal);
    await expect(Profile.import(base, files, 'new')).rejects.toMatchObject(refusal);
    await expect(first.replace(files)).rejects.toMatchObject(refusal);
    expect(await stored()).toEqual(before);
    expect([await weightsOf(first), await writingOf(first)]).toEqual([weights, text]);
    const again = await Profile.open(await loadTiny(opened), 'b.c');
    expect(await writingOf(again)).toHaveLength(12);
    await first.dispose();
    const second = await Profile.open(base, 'b.c');
    const message = /expected "LORA", as in profile 'b\.c' over/;
    await expect(Profile.open(base, 'a')).rejects.toMatchObject({ code: 'invalid_argument', message });
    await second.dispose();
    expect(await writingOf(await Profile.open(base, 'a'))).toEqual(text);
  }));

test('the kind of a profile that was disposed of is free as soon as its generations are over', () =>
  visit(async (opened) => {
    const base = await loadTiny(opened);
    const first = await Profile.open(base, 'a', vera);
    const text = await writingOf(first);
    const config = { max_new_tokens: 12, do_sample: true, seed: 3, eos_token_id: null };
    const generation = first.generate([5, 6, 7, 8], config);
    await first.dispose();
    await expect(Profile.open(base, 'b', lora)).rejects.toMatchObject({ code: 'invalid_argument' });
    const ids = await idsOf(generation);
    await generation;
    expect(ids).toEqual(text);
    expect(await writingOf(await Profile.open(base, 'b', lora))).toHaveLength(12);
  }));
