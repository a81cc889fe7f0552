import type { IncomingMessage } from 'node:http';
import { expect, test } from 'vitest';
import type { Mount } from '../../../scripts/browsers/serve.mjs';
import { expectWithin } from '../../helpers/clock';
import { ofRing } from '../../helpers/ring';
import { documentedPolicies, HUB } from '../../helpers/session/policies';
import { type BrowserName, browserNames, reportOf, withBrowser, withSite } from '../helpers/harness';

const [documented = ''] = documentedPolicies('docs/INTEGRATING.md', 'The module, from another origin');
/** Returns the documented Content Security Policy of a page that imports the library from another origin. */
const policy = (library: string): string =>
  // Firefox requests the site's icon, so images are allowed.
  `${documented.replace('https://cdn.example', library).replace(HUB, '')}; img-src 'self'`;

interface Report {
  readonly origin: string;
  readonly seconds?: number;
}

/** Opens the page on one origin with the library on another. Returns the page's report and the requests to the other origin. */
async function openPage(
  name: BrowserName,
  { mounts, hash = '' }: { readonly mounts: Readonly<Record<string, Mount>>; readonly hash?: string },
): Promise<{ readonly report: Report; readonly requests: readonly string[] }> {
  const requests: string[] = [];
  const onRequest = ({ url, headers }: IncomingMessage): number => requests.push(`${url} from ${headers.origin}`);
  const report = await withSite(
    (library) =>
      withBrowser(
        name,
        async (page, url) => {
          expect(library).not.toBe(url);
          return reportOf<Report>(page, `${url}/pages/policies/other_origin.html?${library}${hash}`);
        },
        {
          headers: { 'Content-Security-Policy': policy(library) },
          // Firefox reports a script that fails to load as an uncaught error of the page.
          expectedErrors: hash === '' ? /^$/ : /\/dist\/worker\.js/,
        },
      ),
    { headers: { 'Access-Control-Allow-Origin': '*' }, mounts, onRequest },
  );
  return { report, requests };
}

test.each(ofRing(browserNames, { test: (name) => name === 'chromium' }))(
  '%s: starts its worker when the library comes from another origin',
  async (name) => {
    const { report, requests } = await openPage(name, { mounts: {} });
    expect(report).toMatchObject({ global_step: 2, bytes: expect.any(Number), violations: [] });
    expect(requests).toContain(`/dist/worker.js from ${report.origin}`);
  },
);

test.each(ofRing(browserNames, { test: (name) => name === 'chromium' }))(
  '%s: says at once when the worker is not there',
  async (name) => {
    const worker = { type: 'text/plain', body: 'no script' };
    const { report } = await openPage(name, { mounts: { '/dist/worker.js': worker }, hash: '#failing' });
    expect(report).toMatchObject({ code: 'worker_crashed', hint: expect.stringContaining('CORS') });
    expectWithin(5000, 1000 * (report.seconds ?? Number.NaN));
  },
);
