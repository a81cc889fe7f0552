import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { expectWithin } from '../helpers/clock';
import { documentedPolicies } from '../helpers/session/policies';
import { browserNames, reportOf, withBrowser } from './helpers/harness';

const [modulePolicy = ''] = documentedPolicies('docs/INTEGRATING.md', 'The module, from your own origin');
const [tagPolicy = ''] = documentedPolicies('docs/INTEGRATING.md', 'The tag');
/** Besides what the documented policies allow, the page has a Trusted Types policy of its own, and fetches files of its origin. */
const policies = {
  '': `${modulePolicy}; connect-src 'self'`,
  '#tag': tagPolicy
    .replaceAll('https://cdn.example', "'self'")
    .replace('trusted-types webvera', 'trusted-types webvera page'),
};

interface Report {
  readonly took: number;
  readonly slowest: number;
}

const ways = browserNames.flatMap((name) => [[name, ''] as const, [name, '#tag'] as const]);

test.each(ways)(
  '%s%s: conversations are written out in a worker of their own, under the strict policies',
  async (name, hash) => {
    const requests: string[] = [];
    const strict = { 'Content-Security-Policy': "default-src 'none'" };
    const body = readFileSync(new URL('../../dist/chat_worker.js', import.meta.url));
    const report = await withBrowser(
      name,
      (page, url) => reportOf<Report>(page, `${url}/pages/models/chat.html${hash}`),
      {
        headers: { 'Content-Security-Policy': policies[hash] },
        mounts: { '/dist/chat_worker.js': { type: 'text/javascript', body, headers: strict } },
        onRequest: ({ url = '' }) => void requests.push(url),
        expectedErrors: /favicon\.ico/, // Firefox reports violations as errors of the page
      },
    );

    const text = '<user>Who is Ahab?</s>';
    expect(report).toMatchObject({ first: text, same: true, refused: 'limit_exceeded', again: text, sealed: text });
    expectWithin(3000, report.took);
    // No template blocks the page.
    expectWithin(1000, report.slowest);
    expect(requests.filter((url) => url === '/dist/chat_worker.js')).toHaveLength(1);
    const [loaded, sealed] = [requests.indexOf('/dist/chat_worker.js'), requests.indexOf('/pages/lib/prose.js?sealed')];
    expect(loaded).toBeLessThan(sealed);
    expect(requests.slice(sealed + 1)).toEqual([]);
  },
);
