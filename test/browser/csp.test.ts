import type { IncomingMessage } from 'node:http';
import { expect, test } from 'vitest';
import { browserNames, reportOf, withBrowser } from './harness';

const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "worker-src 'self'",
  "connect-src 'self'",
  "img-src 'self'", // for the icon that Firefox asks for
  "base-uri 'none'",
  "require-trusted-types-for 'script'",
  'trusted-types webvera page',
  'report-uri /violations',
].join('; ');

interface Violation {
  readonly 'csp-report': { readonly 'effective-directive': string; readonly 'blocked-uri': string };
}

test.each(browserNames)('%s: trains under a strict policy, without a word to the network', async (name) => {
  const requests: string[] = [];
  const violations: Promise<Violation>[] = [];
  const onRequest = (request: IncomingMessage): void => {
    requests.push(`${request.method} ${request.url}`);
    if (request.url === '/violations') violations.push(jsonOf(request));
  };
  const report = await withBrowser(
    name,
    async (page, url) => {
      const done = await reportOf<object>(page, `${url}/pages/strict.html`);
      await expect.poll(() => violations.length, { timeout: 10_000 }).toBeGreaterThanOrEqual(2);
      return done;
    },
    {
      headers: { 'Content-Security-Policy': policy },
      onRequest,
      expectedErrors: /^Content-Security-Policy:/, // Firefox reports violations as errors of the page
    },
  );

  expect(report).toEqual({ losses: [expect.any(Number), expect.any(Number)], text: expect.stringMatching(/\w/) });
  // The policy lets nobody call another server, so all that could go out would be seen here.
  const [begin, end] = [requests.indexOf('GET /pages/prose.js?begin'), requests.indexOf('GET /pages/prose.js?end')];
  expect(begin).toBeGreaterThan(requests.indexOf('GET /models/prose-1.4M/model.safetensors'));
  expect(requests.slice(begin + 1, end)).toEqual([]);
  // Only what the page and its other worker did on purpose.
  const blocked = (await Promise.all(violations)).map(({ 'csp-report': violation }) => violation);
  expect(blocked.map((violation) => [violation['effective-directive'], violation['blocked-uri']]).sort()).toEqual([
    ['connect-src', 'https://page.invalid/'],
    ['connect-src', 'https://worker.invalid/'],
  ]);
});

async function jsonOf(request: IncomingMessage): Promise<Violation> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  return JSON.parse(Buffer.concat(chunks).toString());
}
