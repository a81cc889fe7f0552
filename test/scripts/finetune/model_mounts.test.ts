import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { serve } from '../../../scripts/browsers/serve.mjs';
import { modelMounts } from '../../../scripts/finetune/inputs.mjs';

test("a snapshot in the cache of Hugging Face's libraries is offered, with the files to which it links", async () => {
  const root = await mkdtemp(join(tmpdir(), 'webvera-test-'));
  const snapshot = join(root, 'snapshots/c0ffee');
  await mkdir(snapshot, { recursive: true });
  await mkdir(join(root, 'blobs'));
  await writeFile(join(root, 'blobs/1'), '{"model_type":"llama"}');
  await writeFile(join(root, 'blobs/2'), 'weights');
  await writeFile(join(snapshot, 'tokenizer.json'), '{}');
  await symlink('../../blobs/1', join(snapshot, 'config.json'));
  await symlink('../../blobs/2', join(snapshot, 'model.safetensors'));
  await symlink('../../blobs/3', join(snapshot, 'broken.json'));
  await symlink('../../blobs', join(snapshot, 'all'));
  const server = await serve(modelMounts(snapshot));
  const answer = async (path: string): Promise<string> => {
    const response = await fetch(`${server.url}/model/${path}`);
    return response.ok ? response.text() : String(response.status);
  };
  try {
    expect(await answer('config.json')).toBe('{"model_type":"llama"}');
    expect(await answer('model.safetensors')).toBe('weights');
    expect(await answer('tokenizer.json')).toBe('{}');
    for (const missing of ['broken.json', 'all', 'all/1', '..%2f..%2fblobs/1'])
      expect(await answer(missing)).toBe('404');
  } finally {
    await server.close();
    await rm(root, { recursive: true });
  }
});
