import { IDBFactory } from 'fake-indexeddb';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import {
  AutoModelForCausalLM,
  AutoModelForSequenceClassification,
  type PreTrainedModel,
  Profile,
} from '../../../src/index';
import { smallWriter } from '../../helpers/models/small_writer';
import { tinyConfig, tinyFiles } from '../../helpers/models/tiny_llama';
import { stored, visit } from '../../helpers/session/profiles';
import type { TestSession } from '../../helpers/session/session';
import { unhandledDuring } from '../../helpers/unhandled';
import { FakeLocks } from '../../worker/fake_locks';

/** Each test has a browser with empty storage. */
beforeEach(() => void vi.stubGlobal('indexedDB', new IDBFactory()));
afterEach(() => void vi.unstubAllGlobals());

const files = smallWriter();
const template = `{% for message in messages %}{{ message.content + '\\n' }}{% endfor %}`;
const args = { max_steps: 3, per_device_train_batch_size: 2, max_length: 32, learning_rate: 0.05 };
const options = { peft_config: { r: 4, target_modules: ['q_proj'] }, args };
const talk = [{ role: 'user', content: 'Who are you?' }];

function prose({ session }: TestSession): Promise<PreTrainedModel> {
  const withTemplate = new Map([...files, ['chat_template.jinja', new Blob([template])]]);
  return AutoModelForCausalLM.from_pretrained({ files: withTemplate }, { session });
}

const lines = async (exported: ReadonlyMap<string, Blob>, name: string): Promise<unknown[]> =>
  ((await exported.get(name)?.text()) ?? '')
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line));

describe('ratings', () => {
  test('of generations are stored with prompt and text, counted, taken back, and forgotten', async () => {
    await visit(async (opened) => {
      const profile = await Profile.open(await prose(opened), 'ada', options);
      const config = { max_new_tokens: 6, do_sample: true, seed: 7 };
      const written = profile.generate('It was the', config);
      expect(written).toMatchObject({ prompt: 'It was the', seed: 7 });
      expect(await profile.rate(written, 1)).toBe(1); // the rating waits for the text
      const completion = await written;
      expect(written.token_ids).toHaveLength(6);
      const again = profile.generate('It was the', { ...config, seed: written.seed });
      await again;
      expect(again.token_ids).toEqual(written.token_ids);
      expect(await profile.rate({ prompt: 'It was the', completion: ' hill' }, -1)).toBe(2);
      expect(await profile.rate('The sea alone.', 1)).toBe(3);
      expect(await profile.rate('The sea alone.', 0)).toBe(2);
      await Promise.all([profile.rate('The hill alone.', 1), profile.rate('The hill alone.', 0)]);
      expect(profile.info.ratings).toBe(2);
      expect(await profile.prefer({ prompt: talk, chosen: [answer('A')], rejected: [answer('B')] })).toBe(1);
      expect(profile.info).toMatchObject({ examples: 0, seen: 0, ratings: 2, preferences: 1 });
      const exported = await profile.export();
      expect(await lines(exported, 'ratings.jsonl')).toEqual([
        { prompt: 'It was the', completion, label: true, truncated: true },
        { prompt: 'It was the', completion: ' hill', label: false },
      ]);
      expect(await lines(exported, 'preferences.jsonl')).toEqual([
        { prompt: talk, chosen: [answer('A')], rejected: [answer('B')] },
      ]);
      const { bytes } = profile.info;
      await profile.rate(again, -1); // another rating of the same text
      expect(profile.info).toMatchObject({ ratings: 2, bytes: bytes + 1 });
      expect((await Profile.list({ session: opened.session }))[0]).toMatchObject({ ratings: 2, preferences: 1 });
      await profile.forget();
      expect([...(await stored()).keys()]).toEqual([]);
    });
  });

  test('of the same two texts replace each other in the order of the calls', async () => {
    await visit(async (opened) => {
      const profile = await Profile.open(await prose(opened), 'ada', options);
      // Encoding one long word takes longer than the worker computes at a time, so checks of other feedback can overtake it.
      const long = Array.from({ length: 30_000 }, (_, at) =>
        String.fromCharCode(97 + ((at * 19 + (at >> 3)) % 26)),
      ).join('');
      await Promise.all([
        profile.prefer({ prompt: 'Dear', chosen: long, rejected: ' sea' }),
        profile.prefer({ prompt: 'Dear', chosen: ' sea', rejected: long }),
      ]);
      const [kept, ...others] = await lines(await profile.export(), 'preferences.jsonl');
      expect(kept).toMatchObject({ chosen: ' sea' });
      expect(others).toEqual([]);
    });
  });

  test('are exported and imported with their files, and remain for later visits', async () => {
    const exported = await visit(async (opened) => {
      const profile = await Profile.open(await prose(opened), 'ada', options);
      await profile.add([{ text: 'Call me Ada.' }, { prompt: 'Dear', completion: ' sea', label: true }]);
      await profile.rate({ prompt: 'Dear', completion: ' hill' }, -1);
      await profile.prefer({ prompt: 'Dear', chosen: ' sea', rejected: ' hill' });
      return profile.export();
    });
    await visit(async (opened) => {
      const base = await prose(opened);
      const counts = { examples: 1, seen: 1, ratings: 2, preferences: 1 };
      expect((await Profile.open(base, 'ada')).info).toMatchObject(counts);
      const copy = await Profile.import(base, exported, 'copy');
      expect(copy.info).toMatchObject(counts);
      const again = await copy.export();
      for (const name of ['examples.jsonl', 'ratings.jsonl', 'preferences.jsonl']) {
        expect(await lines(again, name)).toEqual(await lines(exported, name));
      }
      const { ratings, preferences } = (await Profile.open(base, 'copy', { max_examples: 1 })).info;
      expect(ratings + preferences).toBe(1);
      const secret = await Profile.open(base, 'secret', { ...options, keep_examples: false });
      expect(await secret.rate('The sea.', 1)).toBe(1);
      expect((await stored()).get('profile/secret/feedback')).toMatchObject({ kept: [] });
      expect(secret.info).toMatchObject({ ratings: 1, preferences: 0 });
    });
  });
});

test('data in memory is stored once another tab sets keep_examples', async () => {
  vi.stubGlobal('navigator', { ...globalThis.navigator, locks: new FakeLocks().manager });
  await visit(async (here) => {
    await visit(async (there) => {
      const mine = await Profile.open(await prose(here), 'ada', { ...options, keep_examples: false });
      await mine.add([{ text: 'One.' }, { text: 'Two.' }]);
      await mine.rate('The sea.', 1);
      const theirs = await Profile.open(await prose(there), 'ada', { keep_examples: true });
      await theirs.add({ text: 'Theirs.' });
      await mine.add({ text: 'Mine.' });
      expect(mine.info).toMatchObject({ examples: 4, ratings: 1, seen: 4 });
      const exported = await theirs.export();
      const texts = (await lines(exported, 'examples.jsonl')).map((line) => (line as { text: string }).text);
      expect(texts.sort()).toEqual(['Mine.', 'One.', 'Theirs.', 'Two.']);
      expect(await lines(exported, 'ratings.jsonl')).toHaveLength(1);
    });
  });
});

describe('feedback is refused, and nothing changes, for', () => {
  test('wrong values', async () => {
    await visit(async (opened) => {
      const profile = await Profile.open(await prose(opened), 'ada', options);
      await profile.rate('The sea.', 1);
      const { info } = profile;
      const ofIds = profile.generate([5, 6], { max_new_tokens: 1 });
      const refused = [
        profile.rate('', 1),
        profile.rate('The sea.', 3 as 1),
        profile.rate(ofIds, 1),
        profile.rate({ prompt: 'a' } as never, 1),
        profile.prefer({ prompt: 'a', chosen: 'b', rejected: 'b' }),
        profile.prefer({ text: 'a' } as never),
        profile.prefer({ prompt: 'a', chosen: '', rejected: 'b' }),
        profile.correct({ prompt: 'a', completion: 'b' }, ' '),
        profile.add([{ text: 'a' }, { prompt: 'a', completion: '', label: false }]),
      ];
      for (const call of refused) await expect(call).rejects.toMatchObject({ code: 'invalid_argument' });
      await ofIds;
      const aborted = profile.generate('It was', { signal: AbortSignal.abort('enough') });
      await expect(profile.rate(aborted, 1)).rejects.toBe('enough');
      expect(profile.info).toEqual(info);
    });
  });

  test('a closed profile, also about a generation that the profile refuses', async () => {
    await visit(async (opened) => {
      const profile = await Profile.open(await prose(opened), 'ada', options);
      await profile.dispose();
      const unhandled = await unhandledDuring(async () => {
        const rating = profile.rate(profile.generate('It was the'), 1);
        await expect(rating).rejects.toMatchObject({ message: expect.stringContaining('which is closed') });
      });
      expect(unhandled).toEqual([]);
    });
  });

  test('a classifier', async () => {
    await visit(async (opened) => {
      const { session } = opened;
      const config = { ...tinyConfig, id2label: { 0: 'ham', 1: 'spam' } };
      const base = await AutoModelForSequenceClassification.from_pretrained(tinyFiles({ config }), { session });
      const profile = await Profile.open(base, 'ada');
      for (const rating of [1, -1, 0] as const) {
        await expect(profile.rate('The sea.', rating)).rejects.toMatchObject({
          code: 'invalid_argument',
          hint: expect.stringContaining('AutoModelForCausalLM'),
        });
      }
      expect(profile.info).toMatchObject({ ratings: 0 });
    });
  });

  test.each<[string, Record<string, string>, string]>([
    ['an empty text', { 'ratings.jsonl': '{"prompt":"a","completion":"","label":true}' }, 'invalid_argument'],
    ['a pair among ratings', { 'ratings.jsonl': '{"prompt":"a","chosen":"b","rejected":"c"}' }, 'invalid_argument'],
    [
      'ratings among examples',
      { 'examples.jsonl': '{"prompt":"a","completion":"b","label":true}' },
      'invalid_argument',
    ],
    ['no JSON', { 'preferences.jsonl': '{' }, 'invalid_format'],
    ['another number of ratings', { 'ratings.jsonl': '' }, 'invalid_format'],
    [
      'too many',
      { 'ratings.jsonl': '{"prompt":"a","completion":"b","label":true}\n'.repeat(100_001) },
      'limit_exceeded',
    ],
  ])('files with %s', async (_, edits, code) => {
    await visit(async (opened) => {
      const base = await prose(opened);
      const profile = await Profile.open(base, 'ada', options);
      await profile.rate('The sea.', 1);
      const exported = new Map(await profile.export());
      for (const [name, text] of Object.entries(edits)) exported.set(name, new Blob([text]));
      await expect(Profile.import(base, exported, 'bob')).rejects.toMatchObject({ code });
      expect((await Profile.list({ session: opened.session })).map(({ id }) => id)).toEqual(['ada']);
    });
  });
});

function answer(content: string): { readonly role: string; readonly content: string } {
  return { role: 'assistant', content };
}
