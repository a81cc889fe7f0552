import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
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
  await refused(7).toMatchObject({ code: 'invalid_argument', message: expect.stringMatching(/got 7$/) });
});
