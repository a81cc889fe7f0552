import { createHash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ProgressInfo } from '../../../src/core/types/source';
import { FaultyServer } from '../../hub/faulty_server';
import { bytes } from '../../hub/source_bytes';
import { CHUNK_BYTES, COMMIT, content, Device, MODEL, type VisitOptions } from './keeping';

let server: FaultyServer;
let device: Device;

beforeEach(async () => {
  server = await FaultyServer.start({ 'config.json': bytes('{}'), [MODEL]: content });
  server.always = { headers: { 'x-repo-commit': COMMIT } };
  device = new Device();
});
afterEach(() => server.close());

describe('progress reports', () => {
  const sha256 = createHash('sha256').update(content).digest('hex');
  const told = { headers: { 'x-repo-commit': COMMIT, 'x-linked-etag': `"${sha256}"` } };
  const read = async (options: VisitOptions = {}): Promise<ProgressInfo[]> => {
    const folder = device.openHub(server, { now: () => 0, ...options });
    folder.expect(content.length);
    await device.read(folder);
    return device.events.filter(({ status }) => !status.startsWith('progress'));
  };
  const of = (status: 'initiate' | 'download' | 'done', about: object = {}) => ({
    status,
    name: 'a/b',
    file: MODEL,
    ...about,
  });
  const verified = { status: 'verify', name: 'a/b', progress: 100 };
  const first = { ...verified, progress: expect.closeTo((100 * CHUNK_BYTES) / content.length, 9) };

  test('a download, and that its hash is right', async () => {
    server.always = told;
    expect(await read()).toEqual([of('initiate'), of('download'), verified, of('done')]);
  });

  test('a file that is read from the cache, and the comparison of its hashes', async () => {
    server.always = told;
    await read();
    const cached = { cached: true };
    for (const isLocal of [true, false]) {
      expect(await read({ isLocal })).toEqual([
        of('initiate', cached),
        of('download', cached),
        first,
        verified,
        of('done', cached),
      ]);
    }
  });

  test('the place from which a download resumes', async () => {
    server.always = told;
    await device.breakOff(server);
    const [record] = await device.store.list();
    const { bytes: resumedFrom } = record!;
    expect(await read()).toEqual([
      of('initiate', { resumedFrom }),
      of('download', { resumedFrom }),
      first,
      verified,
      of('done', { resumedFrom }),
    ]);
  });

  test('no hashes if there are none', async () => {
    expect(await read()).toEqual([of('initiate'), of('download'), of('done')]);
  });
});
