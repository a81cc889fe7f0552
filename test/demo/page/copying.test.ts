import { afterEach, expect, test, vi } from 'vitest';
import { isCopied } from '../../../demo/src/page/say_copied';

afterEach(() => {
  vi.unstubAllGlobals();
});

/** A clipboard that takes promises, or one that takes texts only. */
function stubClipboard(refuses: boolean, takesPromises: boolean): string[] {
  const copies: string[] = [];
  const keep = async (text: string): Promise<void> => {
    if (refuses) throw new DOMException('No', 'NotAllowedError');
    copies.push(text);
  };
  const write = async ([item]: readonly { readonly parts: Record<string, Promise<Blob>> }[]): Promise<void> => {
    const blob = await item?.parts['text/plain']?.catch(() => {
      throw new DOMException('No data', 'NotAllowedError');
    });
    await keep((await blob?.text()) ?? '');
  };
  class Item {
    constructor(readonly parts: Record<string, Promise<Blob>>) {}
  }
  vi.stubGlobal('navigator', { clipboard: { writeText: keep, write } });
  vi.stubGlobal('ClipboardItem', takesPromises ? Item : undefined);
  return copies;
}

test.each([true, false])(
  'a text that is still being made is copied (a clipboard that takes promises: %s)',
  async (takes) => {
    const copies = stubClipboard(false, takes);
    expect(await isCopied(Promise.resolve('a link'))).toBe(true);
    expect(copies).toEqual(['a link']);
  },
);

test.each([true, false])('a refusal by the browser is no error, one by the page is (%s)', async (takes) => {
  stubClipboard(true, takes);
  expect(await isCopied(Promise.resolve('a link'))).toBe(false);
  await expect(isCopied(Promise.reject(new Error('No such voice')))).rejects.toThrow('No such voice');
});

test('without a clipboard nothing is copied', async () => {
  vi.stubGlobal('navigator', {});
  expect(await isCopied(Promise.resolve('a link'))).toBe(false);
});
