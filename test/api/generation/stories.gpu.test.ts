import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';
import { AutoModelForCausalLM } from '../../../src/index';
import { folderFiles } from '../../helpers/golden/golden';
import { hasStories, storiesFolder } from '../../helpers/models/tokenizers';
import { openTestSession } from '../../helpers/session/session';

interface Greedy {
  readonly prompt_ids: readonly number[];
  /** The prompt's tokens and the published continuation. */
  readonly greedy_ids: readonly number[];
  readonly text: string;
}

test.skipIf(!hasStories)('stories260K continues greedily as its author published', async () => {
  const greedy: Greedy = JSON.parse(readFileSync(resolve(storiesFolder, 'greedy.json'), 'utf8'));
  const { session } = await openTestSession();
  const model = await AutoModelForCausalLM.from_pretrained(folderFiles(pathToFileURL(`${storiesFolder}/`)), {
    session,
  });
  const ids = [...greedy.prompt_ids];
  const parts: string[] = [];
  const generation = model.generate(ids, { max_new_tokens: greedy.greedy_ids.length - ids.length });
  for await (const { token_id, text } of generation) {
    ids.push(token_id);
    parts.push(text);
  }
  expect(ids).toEqual(greedy.greedy_ids);
  // The published text has <0x0A> in place of a newline, and the space before the first word, which decoding removes.
  const published = greedy.text.replaceAll('<0x0A>', '\n').trimStart();
  expect(parts.join('')).toBe(published);
  expect(await generation).toBe(published);
  await session.close();
});
