import { afterEach, expect, test, vi } from 'vitest';

afterEach(() => {
  vi.unstubAllGlobals();
  vi.resetModules();
});

test.each([undefined, null])(
  'where custom elements are %s, as on a server or in an extension, the tag is not defined',
  async (none) => {
    vi.stubGlobal('customElements', none);
    vi.stubGlobal('window', {});
    await import('../../src/embed');
    expect(window).toEqual({});
  },
);
