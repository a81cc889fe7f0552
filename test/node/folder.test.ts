import {
  closeSync,
  ftruncateSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import { openFolder } from '../../src/node/folder';

const root = mkdtempSync(join(tmpdir(), 'webvera-'));
afterAll(() => rmSync(root, { recursive: true }));

test('gives the files of a folder, of its modules and behind links', async () => {
  const folder = join(root, 'model');
  mkdirSync(join(folder, 'inner'), { recursive: true });
  writeFileSync(join(folder, 'config.json'), '{}');
  writeFileSync(join(folder, 'inner', 'config.json'), '{}');
  mkdirSync(join(folder, '1_Pooling'));
  writeFileSync(join(folder, '1_Pooling', 'config.json'), '{}');
  writeFileSync(join(root, 'blob'), 'weights');
  symlinkSync(join(root, 'blob'), join(folder, 'model.safetensors'));
  symlinkSync(join(root, 'gone'), join(folder, 'dangling'));
  for (const path of [folder, pathToFileURL(folder), pathToFileURL(folder).href]) {
    const { files } = await openFolder(path);
    expect([...files.keys()].sort()).toEqual(['1_Pooling/config.json', 'config.json', 'model.safetensors']);
    expect(await files.get('model.safetensors')?.text()).toBe('weights');
  }
});

test('reads files beyond 4 GiB at their places', async () => {
  const folder = join(root, 'large');
  mkdirSync(folder);
  const file = openSync(join(folder, 'model.gguf'), 'w');
  ftruncateSync(file, 5 * 2 ** 30);
  const place = 4.5 * 2 ** 30;
  writeSync(file, Uint8Array.of(1, 2, 3, 4), 0, 4, place);
  closeSync(file);
  const blob = (await openFolder(folder)).files.get('model.gguf');
  expect(blob?.size).toBe(5 * 2 ** 30);
  const part = blob?.slice(place, place + 3);
  expect(part?.size).toBe(3);
  expect(new Uint8Array((await part?.arrayBuffer()) ?? [])).toEqual(Uint8Array.of(1, 2, 3));
  expect(await blob?.slice(-(2 ** 29), -(2 ** 29) + 2).text()).toBe('\u0001\u0002');
  const streamed = part?.slice(1).stream() ?? [];
  for await (const bytes of streamed) expect(bytes).toEqual(Uint8Array.of(2, 3));
  truncateSync(join(folder, 'model.gguf'), 9);
  await expect(part?.arrayBuffer()).rejects.toThrow('ends after');
});

test('says what is missing', async () => {
  const refused = (path: unknown) => expect(openFolder(path as string)).rejects;
  await refused(join(root, 'none')).toMatchObject({ code: 'not_found', message: /none, but there is no such folder$/ });
  mkdirSync(join(root, 'empty'));
  await refused(join(root, 'empty')).toMatchObject({
    code: 'not_found',
    message: expect.stringMatching(/there is no file in it$/),
  });
  await refused(join(root, 'blob')).toMatchObject({ code: 'not_found', message: /can't be read as one \(ENOTDIR\)$/ });
  await refused(new URL('https://a.example/model/')).toMatchObject({ code: 'invalid_argument' });
  for (const address of ['file://elsewhere.example/model', 'file://[']) {
    await refused(address).toMatchObject({ code: 'invalid_argument', message: expect.stringContaining(address) });
  }
  await refused(7).toMatchObject({ code: 'invalid_argument', message: expect.stringMatching(/got 7$/) });
});
