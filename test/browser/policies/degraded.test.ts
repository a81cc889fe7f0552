import { expect, test } from 'vitest';
import { ofRing, testOnce } from '../../helpers/ring';
import { browserNames, newTab, reportOf, withBrowser } from '../helpers/harness';

interface Outcome {
  readonly warnings: readonly string[];
}

interface Report {
  readonly sandboxed: Outcome & { readonly origin: string };
  readonly tag: object;
  readonly refused: Outcome;
}

test.each(ofRing(browserNames, { test: (name) => name === 'chromium' }))(
  '%s: a sandboxed frame, and a browser without IndexedDB, train in memory and say so',
  async (name) => {
    const { sandboxed, tag, refused } = await withBrowser(
      name,
      (page, url) => reportOf<Report>(page, `${url}/pages/policies/degraded.html`),
      // All requests of a frame with an opaque origin are cross-origin, and the server's default policy forbids frames.
      { headers: { 'Access-Control-Allow-Origin': '*', 'Content-Security-Policy': '' } },
    );
    expect(sandboxed.origin).toBe('null');
    const stored = expect.stringMatching(/^Only until this page closes, and nowhere else: 1 example, in /);
    expect(tag).toEqual({ origin: 'null', global_step: 1, stored, text: expect.stringMatching(/\w/) });
    for (const outcome of [sandboxed, refused]) {
      expect(outcome).toMatchObject({ global_step: 1, bytes: expect.any(Number), kept: ['mine'] });
      const told = outcome.warnings.filter((warning) => !warning.startsWith('projection_not_saved'));
      expect(told).toEqual([expect.stringMatching(/^storage_unavailable: What is saved is kept in memory only: ./)]);
    }
  },
);

testOnce('chromium: in a private window all is as usual, until it is closed', async () => {
  const empty = { type: 'text/html', body: '<!doctype html><title>Private</title>' };
  await withBrowser(
    'chromium',
    async (usual, url) => {
      const context = await usual.browser().createBrowserContext();
      const page = await newTab(context);
      await page.goto(`${url}/empty.html`);
      // The script is a string, so that no build tool rewrites its import.
      const outcome = (await page.evaluate(
        "import('/pages/lib/saved.js').then((saved) => saved.trainAndSave({}))",
      )) as Outcome;
      expect(outcome).toMatchObject({ global_step: 1, kept: ['mine'] });
      expect(outcome.warnings.filter((warning) => warning.startsWith('storage'))).toEqual([]);
      const stored = () => indexedDB.databases().then((all) => all.map(({ name }) => name));
      expect(await page.evaluate(stored)).toContain('webvera');
      await context.close();
      await usual.goto(`${url}/empty.html`);
      expect(await usual.evaluate(stored)).toEqual([]);
    },
    { mounts: { '/empty.html': empty } },
  );
});
