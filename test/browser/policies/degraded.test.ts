import { expect, test } from 'vitest';
import type { DeviceReport } from '../../../src/index';
import { ofRing, testInAll, testOnce } from '../../helpers/ring';
import { browserNames, newTab, reportOf, withBrowser } from '../helpers/harness';
import { withPlainHttp } from '../helpers/plain_http';

interface Outcome {
  readonly warnings: readonly string[];
}

interface Insecure {
  readonly isSecure: boolean;
  readonly seconds: number;
  readonly report: DeviceReport;
  readonly error: object;
}

interface Report {
  readonly sandboxed: Outcome & { readonly origin: string };
  readonly tag: object;
  readonly refused: Outcome;
}

test.each(ofRing(browserNames, { test: () => false }))(
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

/** A page whose scripts the test starts. */
const empty = { type: 'text/html', body: '<!doctype html><title>Empty</title>' };

testInAll('chromium: in a private window all is as usual, until it is closed', async () => {
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

testOnce('chromium: a page over http is told at once that it needs https, by probe and by a load', async () => {
  await withBrowser(
    'chromium',
    (usual, url) =>
      withPlainHttp(usual, url, async (page, origin) => {
        await page.goto(`${origin}/empty.html`);
        const { isSecure, seconds, report, error } = (await page.evaluate(
          "import('/pages/lib/insecure.js').then((insecure) => insecure.probeAndLoad())",
        )) as Insecure;
        expect(isSecure).toBe(false);
        expect(seconds).toBeLessThan(60); // a page waits a minute for a worker that isn't ready
        const message = `WebGPU was expected, but browsers disable it on ${origin}, which isn't https`;
        expect(error).toEqual({ code: 'insecure_context', message });
        expect(report).toMatchObject({ level: 'unsupported', gpu: null, storage: { kind: 'indexeddb' } });
        expect(report.issues).toMatchObject([{ code: 'insecure_context', message }, { code: 'no_opfs' }]);
      }),
    { mounts: { '/empty.html': empty } },
  );
});
