import { describe, expect, test } from 'vitest';
import { OpfsFiles } from '../../src/store/opfs_files';
import { bytes, text } from '../hub/source_bytes';

/** A fake directory of the browser's file system, with the methods that `OpfsFiles` calls. */
class FakeFolder {
  readonly files = new Map<string, number[]>();
  readonly open = new Set<string>();
  /** If set, `write` returns this wrong number of bytes, and writes nothing. */
  lie: number | undefined;
  asked = '';

  async getDirectoryHandle(name: string): Promise<FakeFolder> {
    this.asked = name;
    return this;
  }

  async getFileHandle(name: string, { create = false } = {}) {
    if (!this.files.has(name)) {
      if (!create) throw new DOMException('none', 'NotFoundError');
      this.files.set(name, []);
    }
    const file = this.files.get(name) ?? [];
    return {
      getFile: async () => new Blob([Uint8Array.from(file)]),
      createSyncAccessHandle: async () => {
        if (this.open.has(name)) throw new DOMException('taken', 'NoModificationAllowedError');
        this.open.add(name);
        return {
          write: (given: Uint8Array, { at }: { at: number }) => {
            if (this.lie !== undefined) return this.lie;
            file.splice(at, given.length, ...given);
            return given.length;
          },
          truncate: (size: number) => void file.splice(size),
          getSize: () => file.length,
          flush: () => {},
          close: () => this.open.delete(name),
        };
      },
    };
  }

  async removeEntry(name: string): Promise<void> {
    if (!this.files.delete(name)) throw new DOMException('none', 'NotFoundError');
  }
}

function opened() {
  const folder = new FakeFolder();
  return { folder, files: new OpfsFiles(async () => folder as unknown as FileSystemDirectoryHandle) };
}

describe('files of the browser', () => {
  test('are written anywhere, and read in parts', async () => {
    const { folder, files } = opened();
    const writer = await files.write('a');
    await writer.write(bytes('abcd'), 0);
    await writer.write(bytes('xy'), 2);
    expect(text(await files.read('a', 1, 9))).toBe('bxy');
    await writer.close();
    expect(folder.asked).toBe('webvera');
    await files.delete('a');
    expect(await files.read('a', 0, 9)).toHaveLength(0);
    await files.delete('a');
  });

  test('end with the last bytes that were written, so that a shorter content leaves none of a longer one', async () => {
    const { files } = opened();
    const first = await files.write('a');
    await first.write(bytes('abcdef'), 0);
    await first.close();
    const second = await files.write('a');
    await second.write(bytes('xy'), 0);
    await second.close();
    expect(text(await files.read('a', 0, 9))).toBe('xy');
  });

  test.each([2 ** 32 - 8, 3, 0])('are full if a write reports %i bytes', async (lie) => {
    const { folder, files } = opened();
    const writer = await files.write('a');
    folder.lie = lie;
    await expect(writer.write(bytes('abcd'), 0)).rejects.toMatchObject({ code: 'storage_full' });
  });

  test('are full if a write reports all bytes, and the file lacks them', async () => {
    const { folder, files } = opened();
    const writer = await files.write('a');
    folder.lie = 4;
    await expect(writer.write(bytes('abcd'), 0)).rejects.toMatchObject({ code: 'storage_full' });
  });

  test('have one writer at a time', async () => {
    const { files } = opened();
    const writer = await files.write('a');
    await expect(files.write('a')).rejects.toMatchObject({ code: 'locked_by_other_tab' });
    await writer.close();
    await files.write('a');
  });

  test.each([
    ['SecurityError', 'storage_unavailable'],
    ['QuotaExceededError', 'storage_full'],
  ])('where the browser says %s are %s', async (name, code) => {
    const files = new OpfsFiles(() => Promise.reject(new DOMException('no', name)));
    await expect(files.write('a')).rejects.toMatchObject({ code });
    await expect(files.read('a', 0, 1)).rejects.toMatchObject({ code });
  });
});
