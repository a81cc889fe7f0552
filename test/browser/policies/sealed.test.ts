import { expect, test } from 'vitest';
import { browserNames, reportOf, withBrowser } from '../helpers/harness';

interface Report {
  /** The outcome of each way to make a network request, before and after the seal. */
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
    // The URL from which the beacon starts a Worker isn't a script, so the page reports an error.
    expectedErrors: /beacon/,
  });

  // The page sends requests to /beacon in every way that it knows. They reach the server until the session is sealed off from the network.
  const sealed = requests.indexOf('/pages/lib/prose.js?sealed');
  const heard = requests.slice(0, sealed).filter((url) => url.startsWith('/beacon'));
  expect(heard).toEqual(expect.arrayContaining(['/beacon?fetch', '/beacon?XMLHttpRequest', '/beacon?EventSource']));
  expect(report.before).toMatchObject({ fetch: 'went', XMLHttpRequest: 'went' });

  const ways = Object.entries(report.after);
  expect(ways.map(([way]) => way)).toEqual(Object.keys(report.before));
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
