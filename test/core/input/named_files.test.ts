import { describe, expect, test } from 'vitest';
import { type Files, isFiles, listedFiles, namedFiles } from '../../../src/core/input/named_files';

const config = new File(['{}'], 'config.json');
const inFolder = (path: string): File =>
  Object.defineProperty(new File([''], path.split('/').at(-1) ?? ''), 'webkitRelativePath', { value: path });
/** Makes a FileList, as a file input has it. Node lacks this class. */
const listOf = (...files: readonly File[]): FileList =>
  Object.assign({ length: files.length, item: () => null }, files) as unknown as FileList;

describe('files by their names come as', () => {
  test.each<[string, Files, readonly string[]]>([
    ['a Map', new Map([['config.json', config]]), ['config.json']],
    ['an object', { 'config.json': config, 'a/b.bin': new Blob() }, ['config.json', 'a/b.bin']],
    ['a list of Files', [config, new File([], 'b')], ['config.json', 'b']],
    ['a FileList', listOf(config), ['config.json']],
    ['a folder', listOf(inFolder('mine/config.json'), inFolder('mine/onnx/b')), ['config.json', 'onnx/b']],
    ['nothing', [], []],
  ])('%s', (_, files, names) => {
    expect([...namedFiles('files', files).keys()]).toEqual(names);
    expect(isFiles(files)).toBe(true);
  });

  test('and a folder’s paths remain if they matter', () => {
    expect(listedFiles('files', [inFolder('mine/a/b')]).map(([path]) => path)).toEqual(['mine/a/b']);
  });
});

describe('another value', () => {
  const refused = (message: string | RegExp) =>
    expect.objectContaining({ code: 'invalid_argument', message: expect.stringMatching(message) });

  test.each<[string, unknown, RegExp]>([
    ['a name', 'config.json', /^files: expected files by their names: .* got 'config.json'$/],
    ['a Blob', config, /got a File$/],
    ['nothing', undefined, /got undefined$/],
    ['a text in an object', { 'config.json': '{}' }, /^files: config.json: expected a Blob, got '{}'$/],
    ['a Blob without a name', [new Blob()], /got 'a Blob without a name'$/],
    ['a name in a list', ['config.json'], /^files: 0: expected a Blob/],
    ['two of one name', [inFolder('a/x'), inFolder('b/x')], /got 'two of the name x'$/],
  ])('%s', (_, files, message) => {
    expect(() => namedFiles('files', files)).toThrow(refused(message));
  });

  test('is no source either', () => {
    for (const value of [{}, { repo: 'a/b' }, { files: [config] }, { id: 'x' }, config, 'a/b', null]) {
      expect(isFiles(value)).toBe(false);
    }
  });

  test('and a promise of files is awaited first', () => {
    expect(() => namedFiles('files', Promise.resolve([]))).toThrow(
      expect.objectContaining({ hint: 'Put await before it.' }),
    );
  });
});
