import { readFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { expect, test } from 'vitest';
import type { Mount } from '../../../scripts/browsers/serve.mjs';
import { ofRing, testInAll, testOnce } from '../../helpers/ring';
import { documentedPolicies, HUB } from '../../helpers/session/policies';
import { browserNames, reportOf, withBrowser } from '../helpers/harness';

const [pagePolicy = '', workerPolicy = ''] = documentedPolicies(
  'docs/INTEGRATING.md',
  'The module, from your own origin',
);
/**
 * The documented Content Security Policy, with additions for the test page: it fetches a text, starts its own worker that
 * violates the policy once, and reports violations to the server.
 */
const ownPolicy = `${pagePolicy.replace('webvera', 'webvera page')}; connect-src 'self'; img-src 'self'; report-uri /violations`;
const worker = (headers: Readonly<Record<string, string>>): Readonly<Record<string, Mount>> => ({
  '/dist/worker.js': {
    type: 'text/javascript',
    body: readFileSync(new URL('../../../dist/worker.js', import.meta.url)),
    headers: { 'Content-Security-Policy': `${workerPolicy.replace(HUB, '')}; report-uri /violations`, ...headers },
  },
});

interface Violation {
  readonly 'csp-report': { readonly 'effective-directive': string; readonly 'blocked-uri': string };
}

testOnce('the policies are as strict as they are said to be', () => {
  expect([pagePolicy, workerPolicy].join()).not.toMatch(/unsafe|data:|blob:|style-src/);
  expect(workerPolicy).toContain(HUB);
});

test.each(ofRing(browserNames))('%s: trains under the strict policies without any request', async (name) => {
  const requests: string[] = [];
  const violations: Promise<Violation>[] = [];
  const onRequest = (request: IncomingMessage): void => {
    requests.push(`${request.method} ${request.url}`);
    if (request.url === '/violations') violations.push(jsonOf(request));
  };
  const report = await withBrowser(
    name,
    async (page, url) => {
      const done = await reportOf<object>(page, `${url}/pages/policies/strict.html`);
      await expect.poll(() => violations.length).toBeGreaterThanOrEqual(2);
      return done;
    },
    {
      headers: { 'Content-Security-Policy': ownPolicy },
      mounts: worker({}),
      onRequest,
      expectedErrors: /^Content-Security-Policy:/, // Firefox reports violations as errors of the page
    },
  );

  const losses = Array.from({ length: 5 }, () => expect.any(Number));
  expect(report).toEqual({ losses, text: expect.stringMatching(/\w/), isolated: false, framed: null });
  // The policy forbids requests to other servers, so this server receives every request that is possible.
  const [begin, end] = [
    requests.indexOf('GET /pages/lib/prose.js?begin'),
    requests.indexOf('GET /pages/lib/prose.js?end'),
  ];
  expect(begin).toBeGreaterThan(requests.indexOf('GET /models/prose-1.4M/model.safetensors'));
  expect(requests.slice(begin + 1, end)).toEqual([]);
  // The only violations are the deliberate ones, by the page and by its own worker.
  const blocked = (await Promise.all(violations)).map(({ 'csp-report': violation }) => violation);
  expect(blocked.map((violation) => [violation['effective-directive'], violation['blocked-uri']]).sort()).toEqual([
    ['connect-src', 'https://page.invalid/'],
    ['connect-src', 'https://worker.invalid/'],
  ]);
});

testInAll('a site that isolates its pages for reasons of its own sends the header with the worker too', async () => {
  const isolation = { 'Cross-Origin-Embedder-Policy': 'require-corp' };
  const trained = (mounts: Readonly<Record<string, Mount>>) =>
    withBrowser('chromium', (page, url) => reportOf<object>(page, `${url}/pages/policies/isolated.html`), {
      headers: { 'Content-Security-Policy': '', ...isolation },
      mounts,
    });
  expect(await trained(worker(isolation))).toEqual({ isolated: true, global_step: 1 });
  expect(await trained(worker({ 'Cross-Origin-Embedder-Policy': '' }))).toMatchObject({ code: 'worker_crashed' });
});

test.each(ofRing(browserNames, { test: (name) => name === 'chromium' }))(
  '%s: a worker without permissions trains a model of files, and imports nothing',
  async (name) => {
    const requests: string[] = [];
    const script = readFileSync(new URL('../../../dist/worker.js', import.meta.url), 'utf8');
    const headers = { 'Content-Security-Policy': "default-src 'none'" };
    const body = `${script}\nimport('/pages/lib/prose.js?imported').catch(() => {});`;
    const report = await withBrowser(name, (page, url) => reportOf(page, `${url}/pages/policies/isolated.html#files`), {
      mounts: { '/dist/worker.js': { type: 'text/javascript', body, headers } },
      onRequest: ({ url = '' }) => void requests.push(url),
      expectedErrors: /^Content-Security-Policy:/,
    });
    expect(report).toEqual({ isolated: false, global_step: 1 });
    expect(requests).toContain('/dist/worker.js');
    expect(requests).not.toContain('/pages/lib/prose.js?imported');
  },
);

test.each(ofRing(browserNames, { test: (name) => name === 'chromium' }))(
  "%s: a model on a server outside of the policy is refused, with the policy's name",
  async (name) => {
    const report = await withBrowser(name, (page, url) => reportOf(page, `${url}/pages/hub/refused.html`), {
      headers: { 'Content-Security-Policy': "connect-src 'self'" },
      expectedErrors: /Content.Security.Policy/,
    });
    const refused = {
      code: 'offline',
      message:
        'Expected to request https://models.invalid/mine/config.json, but a Content-Security-Policy does not allow it',
      hint: "Add https://models.invalid to the connect-src that worker.js is served with; the page's counts for the tag, and for a worker.js of another origin.",
    };
    // Firefox doesn't fire securitypolicyviolation events in a worker.
    expect(report).toEqual(
      name === 'chromium'
        ? refused
        : {
            code: 'offline',
            message: 'Expected https://models.invalid/mine/config.json to answer, but there was no connection',
            hint: expect.stringContaining('Check the connection.'),
          },
    );
  },
);

async function jsonOf(request: IncomingMessage): Promise<Violation> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  return JSON.parse(Buffer.concat(chunks).toString());
}
