import { expect, test } from 'vitest';
import { VeraConfig } from '../../../../src/index';
import { readFiles } from '../../../../src/page/profile/storage/read_files';

test.each(['adapter_config.json', 'examples.jsonl', 'ratings.jsonl', 'preferences.jsonl', 'profile.json'])(
  'an import refuses a file %s that was changed since it was chosen, and says to choose it again',
  async (name) => {
    const changed = new Blob(['{}']);
    changed.text = () => Promise.reject(new DOMException('gone', 'NotReadableError'));
    const files = new Map([
      ['adapter_config.json', new Blob([JSON.stringify(new VeraConfig({ r: 4 }))])],
      ['adapter_model.safetensors', new Blob([])],
      [name, changed],
    ]);
    const base = { base: 'b', labels: null, problem_type: null };
    await expect(readFiles(files, { base })).rejects.toMatchObject({
      code: 'invalid_format',
      message: `${name}: expected a file that can be read`,
      hint: expect.stringContaining('Choose it again'),
    });
  },
);
