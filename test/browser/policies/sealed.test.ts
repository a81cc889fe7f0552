import { expect, test } from 'vitest';
import { browserNames, reportOf, withBrowser } from '../helpers/harness';

interface Report {
  /** The outcomes of three ways to make a network request before the seal, and of every way after it. */
  readonly before: Readonly<Record<string, string>>;
  readonly after: Readonly<Record<string, string>>;
  readonly refused: object;
  readonly global_step: number;
  readonly text: string;
}

test.each(browserNames)('%s: a sealed session works, and nothing in its worker reaches the network', async (name) => {
  const requests: string[] = [];
  const report = await withBrowser(name, (page, url) => reportOf<Report>(page, `${url}/pages/policies/sealed.html`), {
    onRequest: ({ url }) => void requests.push(url ?? ''),
    // The server refuses the beacon's stream of events.
    expectedErrors: /beacon\?EventSource/,
  });

  // The worker sends requests to /beacon. They reach the server until the session is sealed off from the network.
  const sealed = requests.indexOf('/pages/lib/prose.js?sealed');
  const heard = requests.slice(0, sealed).filter((url) => url.startsWith('/beacon'));
  expect(heard).toEqual(expect.arrayContaining(['/beacon?fetch', '/beacon?XMLHttpRequest', '/beacon?EventSource']));
  expect(report.before).toEqual({ fetch: 'went', XMLHttpRequest: 'went', EventSource: 'went' });

  const ways = Object.entries(report.after);
  expect(ways).toHaveLength(9);
  // If the browser doesn't support a way to make requests, using it throws a ReferenceError.
  for (const [way, outcome] of ways)
    expect([way, outcome]).toEqual([way, expect.stringMatching(/^(invalid_argument|ReferenceError)$/)]);
  expect(report.after.fetch).toBe('invalid_argument');
  expect(report.refused).toEqual({
    code: 'invalid_argument',
    message: 'Expected a session that is not sealed, as this needs the network',
  });
  expect(requests.slice(sealed + 1)).toEqual(['/pages/lib/prose.js?end']);
  expect(report).toMatchObject({ global_step: 2, text: expect.stringMatching(/\w/) });
});
