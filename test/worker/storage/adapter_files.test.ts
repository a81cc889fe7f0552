import { expect, test } from 'vitest';
import { defaultLimits } from '../../../src/core/types/source';
import { openSource } from '../../../src/hub/open_source';
import { readAdapterBytes } from '../../../src/worker/storage/adapter_files';

test.each([
  [['adapter_config.json', 'adapter_model.bin'], 'adapter_model.safetensors'],
  [['config.json', 'model.safetensors'], 'adapter_config.json'],
])('a folder with %j lacks %s of an adapter, and the hint says what to do', async (names, missing) => {
  const files = new Map(names.map((name) => [name, new Blob(['{}'])]));
  await expect(readAdapterBytes(openSource({ files }), defaultLimits)).rejects.toMatchObject({
    code: 'not_found',
    message: `Expected ${missing} in the given files, but there is no such file`,
    hint: expect.stringMatching(/^An adapter is adapter_config.json and .* saved again by PEFT.* AutoModel class\.$/),
    detail: { files: [missing] },
  });
});
