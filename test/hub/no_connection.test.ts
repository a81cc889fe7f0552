import { afterEach, expect, test, vi } from 'vitest';
import type { WebVeraError } from '../../src/core/errors/error';
import { readFile } from '../../src/core/input/file_source';
import type { FolderSource } from '../../src/core/types/source';
import { openSource } from '../../src/hub/open_source';
import { errorOf } from './source_bytes';
import { TestClock } from './test_clock';

afterEach(() => void vi.unstubAllGlobals());

/** Returns the error of a load whose requests fail as a browser's `fetch` does without a connection. */
async function errorAt(source: FolderSource, onFetch: () => void = () => {}): Promise<WebVeraError> {
  const fetch = async (): Promise<never> => {
    onFetch();
    throw new TypeError('Failed to fetch');
  };
  return errorOf(readFile(openSource(source, { fetch, clock: new TestClock() }), 'config.json', 100));
}

test('a name on the hub may be meant as a folder or as a saved adapter', async () => {
  expect(await errorAt('models/prose-1.4M')).toMatchObject({
    code: 'offline',
    message:
      'Expected https://huggingface.co/models/prose-1.4M/resolve/main/config.json to answer, but there was no connection',
    hint: expect.stringMatching(/your own folder is written '\.\/folder\/'.*\{ id: 'name' \}/),
  });
});

test('a process has no tabs and no other sites', async () => {
  const { hint } = await errorAt(new URL('https://models.example/mine/'));
  expect(hint).toBe('Check the connection. Is the address right, and does a proxy or a firewall let it through?');
  vi.stubGlobal('location', { origin: 'https://page.example' });
  expect((await errorAt(new URL('https://models.example/mine/'))).hint).toMatch(/CORS.* 404s must allow them/);
});

const WHERE =
  "to the connect-src that worker.js is served with; the page's counts for the tag, and for a worker.js of another origin.";

test('a policy that refuses the request is named', async () => {
  const events = new EventTarget();
  class Violation extends Event {
    readonly blockedURI: string;
    readonly effectiveDirective: string;
    constructor(blockedURI: string, effectiveDirective = 'connect-src') {
      super('securitypolicyviolation');
      this.blockedURI = blockedURI;
      this.effectiveDirective = effectiveDirective;
    }
  }
  vi.stubGlobal('SecurityPolicyViolationEvent', Violation);
  vi.stubGlobal('addEventListener', events.addEventListener.bind(events));
  const source = new URL('https://models.example/mine/');
  const refusedBy = (...args: ConstructorParameters<typeof Violation>): Promise<WebVeraError> =>
    refused(source, ...args);
  const refused = (from: FolderSource, ...args: ConstructorParameters<typeof Violation>): Promise<WebVeraError> =>
    errorAt(from, () => void queueMicrotask(() => events.dispatchEvent(new Violation(...args))));
  expect(await refusedBy('https://models.example/mine/config.json')).toMatchObject({
    code: 'offline',
    retryable: false,
    message: expect.stringContaining('but a Content-Security-Policy does not allow it'),
    hint: `Add https://models.example ${WHERE}`,
  });
  expect((await refused('org/name', 'https://huggingface.co/org/name/resolve/main/config.json')).hint).toBe(
    `Add https://huggingface.co https://*.huggingface.co https://*.hf.co ${WHERE}`,
  );
  expect((await refusedBy('https://other.example/')).message).toMatch(/no connection/);
  expect((await refusedBy('https://models.example/mine/config.json', 'img-src')).message).toMatch(/no connection/);
});
