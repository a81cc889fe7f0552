import { describe, expect, test } from 'vitest';
import type { TextEnd } from '../../../../src/core/types/generation';
import type { RatedExample } from '../../../../src/index';
import type { Numbered } from '../../../../src/page/profile/examples/examples';
import {
  approved,
  expectText,
  type Feedback,
  feedbackFields,
  latestOf,
  noFeedback,
  sampleFeedback,
  withdrawn,
} from '../../../../src/page/profile/feedback/feedback';
import { correctedExample, generatedText, ratingOf } from '../../../../src/page/profile/feedback/given_feedback';
import { splitData, storedChanges, withAdded } from '../../../../src/page/profile/feedback/profile_data';
import { freshState, usualSettings } from '../../../../src/page/profile/open';

const rated = (completion: string, label: boolean, prompt = 'Dear'): RatedExample => ({ prompt, completion, label });
const pair = { prompt: 'Dear', chosen: ' sea', rejected: ' hill' };
const talk = [{ role: 'user', content: 'Who are you?' }];
const reservoir = { seed: 1, seen: 0, most: 100 };

const vectors = { config: '{}', weights: new Uint8Array(0) };
const settings = { ...usualSettings, max_examples: 50 };
const fresh = freshState({ base: 'b', base_model: null, labels: null, problem_type: null, vectors, settings });
const nothing = { examples: [], feedback: [] };

/** Returns the stored feedback after these items have been added one by one. */
function stored(...given: readonly Feedback[]): Numbered<Feedback>[] {
  let kept: Numbered<Feedback>[] = [];
  let seen = 0;
  for (const one of given) ({ feedback: kept, seen } = sampleFeedback(kept, [one], { ...reservoir, seen }));
  return kept;
}

describe('feedback', () => {
  test('about the same texts replaces the earlier one, in its place', () => {
    const other = rated(' sea', true, 'My');
    const given = [
      rated(' sea', true),
      other,
      pair,
      rated(' sea', false),
      { ...pair, chosen: ' hill', rejected: ' sea' },
    ];
    const after = [
      { n: 0, example: rated(' sea', false) },
      { n: 1, example: other },
      { n: 2, example: { ...pair, chosen: ' hill', rejected: ' sea' } },
    ];
    expect(stored(...given)).toEqual(after);
    expect(sampleFeedback([], given, reservoir)).toEqual({ feedback: after, seen: 3 });
  });

  test('of files is the last about the same texts', () => {
    const given = [rated(' sea', true), pair, rated(' sea', false)].map((example, n) => ({ n, example }));
    expect(latestOf(given).map(({ n }) => n)).toEqual([2, 1]);
  });

  test('of one text can be withdrawn', () => {
    const kept = stored(rated(' sea', true), rated(' hill', false), pair);
    expect(withdrawn(kept, rated(' hill', true)).map(({ n }) => n)).toEqual([0, 2]);
    expect(withdrawn(kept, { ...pair, chosen: ' hill', rejected: ' sea' }).map(({ n }) => n)).toEqual([0, 1]);
    expect(withdrawn(kept, rated(' lake', true))).toEqual(kept);
  });

  test('in ten thousands is stored as a sample of its own, and displaces no example', () => {
    const examples = Array.from({ length: 40 }, (_, index) => ({ text: `example ${index}` }));
    const ratings = Array.from({ length: 10_000 }, (_, index) => rated(` ${index}`, index % 3 === 0));
    const added = withAdded(fresh, nothing, [...examples, ...ratings]);
    const { state, feedback = [] } = storedChanges(added);
    expect(state).toMatchObject({
      seen: 40,
      example_count: 40,
      feedback: { seen: 10_000, ratings: 50, preferences: 0 },
    });
    expect(feedback).toHaveLength(50);
    expect(new Set(feedback.map(({ n }) => n)).size).toBe(50);
    for (const { n, example } of feedback) expect(example).toEqual(ratings[n]);
  });

  test.each<[string, Feedback, RegExp]>([
    ['an empty text', rated(' \n', true), /^a: completion: expected a text that is not empty/],
    ['an empty chosen text', { ...pair, chosen: '' }, /^a: chosen: expected a text that is not empty/],
    ['an empty answer', { prompt: talk, completion: [{ role: 'assistant', content: '' }], label: true }, /completion/],
    ['two equal texts', { ...pair, rejected: ' sea' }, /^a: rejected: expected another text than chosen/],
  ])('about %s is refused', (_, feedback, message) => {
    expect(() => expectText('a', feedback)).toThrow(
      expect.objectContaining({ code: 'invalid_argument', message: expect.stringMatching(message) }),
    );
  });

  test('is neither an example nor another value', () => {
    for (const value of [
      { text: 'a' },
      { prompt: 'a', completion: 'b' },
      { prompt: 'a', completion: 'b', label: 1 },
      7,
    ]) {
      expect(() => feedbackFields('a', value)).toThrow(expect.objectContaining({ code: 'invalid_argument' }));
    }
  });
});

describe('learning', () => {
  test('takes examples, preferences and ratings, and holds every tenth rating out from the hundredth on', () => {
    const ratings = Array.from({ length: 150 }, (_, index) => rated(` ${index}`, index < 15));
    const roomy = { ...fresh, settings: { ...fresh.settings, max_examples: 1000 } };
    const { data } = withAdded(roomy, nothing, [{ text: 'a' }, ...ratings, pair]);
    const { learnt, held } = splitData({ ...nothing, ...data });
    expect(held).toEqual([109, 119, 129, 139, 149].map((n) => rated(` ${n}`, false)));
    expect(learnt.slice(0, 3)).toEqual([{ text: 'a' }, pair, rated(' 0', true)]);
    expect(learnt).toHaveLength(2 + 145);
    const few = withAdded(roomy, nothing, ratings.slice(0, 24)).data;
    expect(splitData({ ...nothing, ...few })).toMatchObject({ held: [], learnt: { length: 24 } });
  });

  test('of a conversation takes the answer after its messages', () => {
    const completion = [{ role: 'assistant', content: 'Ishmael.' }];
    expect(approved({ prompt: talk, completion, label: true })).toEqual({ messages: [...talk, ...completion] });
    const corrected = correctedExample({ prompt: talk, completion: 'Ahab.' }, 'Ishmael.');
    expect(corrected).toEqual({ messages: [...talk, ...completion] });
  });
});

describe('a rated text', () => {
  test('has its prompt, or none', async () => {
    const given = Object.assign(Promise.resolve(' whale'), { prompt: 'The', seed: 1, token_ids: [3] });
    expect(await generatedText('rate', given as never)).toEqual({ prompt: 'The', completion: ' whale' });
    expect(await generatedText('rate', { prompt: talk, completion: 'a' })).toEqual({ prompt: talk, completion: 'a' });
    expect(await generatedText('rate', 'A whole text.')).toEqual({ prompt: '', completion: 'A whole text.' });
  });

  test('may get more messages after the call', async () => {
    const messages = [...talk];
    const text = generatedText('rate', { prompt: messages, completion: 'a' });
    messages.push({ role: 'assistant', content: 'a' });
    expect((await text).prompt).toEqual(talk);
  });

  test.each<[TextEnd, object]>([
    ['length', { truncated: true }],
    ['stop', {}],
  ])('that a generation ended by %s is stored with %j', async (end, truncation) => {
    const tokens = async function* () {
      yield { token_id: 3, text: ' wh' };
      yield { token_id: 4, text: 'ale', end };
    };
    const given = Object.assign(Promise.resolve(' whale'), { prompt: 'The', [Symbol.asyncIterator]: tokens });
    const text = await generatedText('rate', given as never);
    const rating = { prompt: 'The', completion: ' whale', label: true, ...truncation };
    expect(ratingOf(text, 1)).toEqual(rating);
    expect(feedbackFields('ratings.jsonl', JSON.parse(JSON.stringify(rating)))).toEqual(rating);
  });

  test.each<[string, unknown, RegExp]>([
    ['nothing', undefined, /^rate: expected a generation, \{ prompt, completion \} or a text, got undefined/],
    ['a promise of a text', Promise.resolve('a'), /^rate: expected a generation/],
    ['token ids as its prompt', { prompt: [1, 2], completion: 'a' }, /^rate: prompt: expected a text or messages/],
    ['a number', { prompt: 'a', completion: 7 }, /^rate: completion: expected a string, got 7/],
  ])('is not %s', async (_, value, message) => {
    await expect(generatedText('rate', value as string)).rejects.toMatchObject({ code: 'invalid_argument', message });
  });

  test('is rated by 1, −1 or 0, and a conversation by its messages alone', () => {
    for (const rating of [2, 0.5, Number.NaN, '1', true]) {
      expect(() => ratingOf({ prompt: 'a', completion: 'b' }, rating as number)).toThrow(
        expect.objectContaining({ code: 'invalid_argument', message: expect.stringContaining('expected 1, -1 or 0') }),
      );
    }
    const spoken = [{ role: 'user', content: 'Who are you?', at: 12 }];
    expect(ratingOf({ prompt: spoken, completion: 'Ahab.' }, -1)).toEqual({
      prompt: talk,
      completion: [{ role: 'assistant', content: 'Ahab.' }],
      label: false,
    });
  });

  test('is corrected by words', () => {
    for (const text of ['', ' \n', undefined]) {
      expect(() => correctedExample({ prompt: 'a', completion: 'b' }, text as string)).toThrow(
        expect.objectContaining({ code: 'invalid_argument', hint: expect.stringContaining('rate(generation, -1)') }),
      );
    }
  });
});

test('a profile begins without feedback', () => {
  expect(fresh.feedback).toEqual(noFeedback);
});
