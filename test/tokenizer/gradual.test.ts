import { expect, test } from 'vitest';
import { Breather } from '../../src/core/async/breather';
import { WINDOW } from '../../src/tokenizer/streaming/text_stream';
import { openTokenizer, proseFolder, proseText, spacedTokenizer } from '../helpers/models/tokenizers';

/** Counts how often a long encoding calls `breathe`, which may pause to let other tasks run. */
class CountingBreather extends Breather {
  breaths = 0;

  override async breathe(): Promise<void> {
    this.breaths++;
    return super.breathe();
  }
}

test.each([
  ['Ġ-words', openTokenizer(proseFolder)],
  ['▁-words', spacedTokenizer()],
])('a long text that is encoded gradually has the tokens of encode: %s', async (_, tokenizer) => {
  const text = proseText(2 * WINDOW + 5000);
  const whole = tokenizer.encode(text);
  const breather = new CountingBreather();
  expect(await tokenizer.encodeGradually(text, { breather })).toEqual(whole);
  expect(breather.breaths).toBe(3);
  for (const most of [0, 7, whole.length - 1, whole.length, whole.length + 1]) {
    expect(await tokenizer.encodeGradually(text, { breather, most }), String(most)).toEqual(whole.slice(0, most));
  }
});

test('no more of a text is encoded than the first tokens need', async () => {
  const tokenizer = openTokenizer(proseFolder);
  const breather = new CountingBreather();
  const ids = await tokenizer.encodeGradually(proseText(WINDOW).repeat(20), { breather, most: 100 });
  expect(ids).toEqual(tokenizer.encode(proseText(2000)).slice(0, 100));
  expect(breather.breaths).toBe(1);
});

test('an aborted signal ends it between two windows', async () => {
  const tokenizer = openTokenizer(proseFolder);
  const controller = new AbortController();
  const encoding = tokenizer.encodeGradually(proseText(WINDOW).repeat(20), {
    breather: new Breather(controller.signal),
  });
  controller.abort('enough');
  await expect(encoding).rejects.toBe('enough');
});
