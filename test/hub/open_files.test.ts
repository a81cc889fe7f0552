import { describe, expect, test } from 'vitest';
import { openFile, readFile, readFileIfPresent } from '../../src/core/input/file_source';
import type { ProgressInfo } from '../../src/core/types/source';
import { openSource } from '../../src/hub/open_source';
import { bytes, errorOf, names, text, weights } from './source_bytes';

describe('files of the visitor', () => {
  const given = new Map<string, Blob>([
    ['config.json', new Blob(['{"a":1}'])],
    ['model.safetensors', new Blob([weights])],
  ]);

  test('are read like a folder, with progress', async () => {
    const events: ProgressInfo[] = [];
    const source = openSource({ files: given }, { progress_callback: (info) => events.push(info) });
    expect(text(await readFile(source, 'config.json', 100))).toBe('{"a":1}');
    expect(await readFileIfPresent(source, 'tokenizer.json', 100)).toBeUndefined();
    expect(await names(source)).toEqual(['big', 'small']);
    expect(events.filter(({ status }) => status === 'done')).toHaveLength(2);
    expect(events.at(-1)).toMatchObject({ status: 'progress_total', progress: 100 });
  });

  test('that are missing are not_found, over the limit limit_exceeded', async () => {
    const source = openSource({ files: given });
    expect((await errorOf(readFile(source, 'tokenizer.json', 100))).message).toContain(
      'tokenizer.json in the given files',
    );
    expect((await errorOf(readFile(source, 'config.json', 6))).code).toBe('limit_exceeded');
    expect((await readFile(source, 'config.json', 7)).length).toBe(7);
  });

  test('are never read as a whole', async () => {
    const slices: number[] = [];
    const blob = new Blob([weights]);
    const slice = blob.slice.bind(blob);
    blob.slice = (begin = 0, end = blob.size) => {
      slices.push(end - begin);
      return slice(begin, end);
    };
    blob.arrayBuffer = () => Promise.reject(new Error('read as a whole'));
    expect(await names(openSource({ files: new Map([['model.safetensors', blob]]) }))).toEqual(['big', 'small']);
    expect(Math.max(...slices)).toBeLessThan(weights.length);
  });

  test('that changed on disk are not_found', async () => {
    const blob = new Blob(['{}']);
    blob.slice = () => {
      const gone = new Blob();
      gone.arrayBuffer = () => Promise.reject(new DOMException('gone', 'NotReadableError'));
      return gone;
    };
    const error = await errorOf(readFile(openSource({ files: new Map([['config.json', blob]]) }), 'config.json', 9));
    expect(error.code).toBe('not_found');
    expect(error.hint).toContain('choose it again');
  });

  test('that end early are not_found', async () => {
    const blob = new Blob(['{}']);
    blob.slice = () => new Blob();
    const error = await errorOf(readFile(openSource({ files: new Map([['config.json', blob]]) }), 'config.json', 9));
    expect(error.code).toBe('not_found');
  });

  test('are not read after an abort', async () => {
    const controller = new AbortController();
    const source = openSource({ files: given }, { signal: controller.signal });
    const stream = await openFile(source, 'config.json');
    const reason = new Error('enough');
    controller.abort(reason);
    await expect(stream.read()).rejects.toBe(reason);
    await expect(source.open('config.json')).rejects.toBe(reason);
  });
});

test('bytes of a file in many chunks are joined in order', async () => {
  const parts = ['a', 'bc', '', 'def'];
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      for (const part of parts) controller.enqueue(bytes(part));
      controller.close();
    },
  });
  const source = openSource('a/b', { fetch: async () => new Response(body) });
  expect(text(await readFile(source, 'config.json', 6))).toBe('abcdef');
});
