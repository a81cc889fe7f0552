import { describe, expect, test } from 'vitest';
import { Breather } from '../../../../src/core/async/breather';
import type { TextOrMessages } from '../../../../src/core/preferences/preference';
import { promptSequences } from '../../../../src/tasks/causal_lm/preferences/pair_row';
import type { TextTokenizer } from '../../../../src/tokenizer/tokenizer';
import { goldenTexts } from '../../../helpers/golden/golden_preferences';
import { chatTokenizer } from '../../../helpers/golden/golden_tokenizer';

/** Returns the text that is learnt after a prompt. */
async function learnt(
  tokenizer: TextTokenizer,
  [prompt, completion]: readonly TextOrMessages[],
  truncated?: boolean,
): Promise<string> {
  const options = { tokenizer, maxLength: 256, most: 256, breather: new Breather(), truncated };
  const parts = { prompt: prompt ?? '', completions: [completion ?? ''] };
  const { start, sequences } = (await promptSequences(parts, 'a', options)) ?? { start: 0, sequences: [[]] };
  return tokenizer.decode(sequences[0]?.slice(start) ?? [], { skip_special_tokens: false });
}

describe('a truncated completion', () => {
  test('has no EOS token', async () => {
    const tokenizer = goldenTexts();
    expect(await learnt(tokenizer, ['a', ' b'])).toBe(` b${tokenizer.eos_token}`);
    expect(await learnt(tokenizer, ['a', ' b'], true)).toBe(' b');
  });

  test.each(['Ishmael, and', 'im_end', ' Ishmael '])('has no end of its turn: %j', async (content) => {
    const asked = [{ role: 'user', content: 'Call me.' }];
    const tokenizer = chatTokenizer('qwen2_5');
    const said = [asked, [{ role: 'assistant', content }]];
    expect(await learnt(tokenizer, said)).toBe(`${content}<|im_end|>\n`);
    expect(await learnt(tokenizer, said, true)).toBe(content);
  });
});
