import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { reported } from '../../../scripts/browsers/launch.mjs';
import { readSafetensors, writeSafetensors } from '../../../src/formats/tensors/safetensors';
import { ofRing, testOnce } from '../../helpers/ring';
import { FaultyServer, HUB_COMMIT, HUB_HEADERS } from '../../hub/faulty_server';
import { type BrowserName, browserNames, withPage, withSite } from '../helpers/harness';

const CHUNK = 2 ** 23;
const MODEL = 'model.safetensors';

/** The model host has another port, and the default Content Security Policy would forbid requests to it. */
const FROM_ANYWHERE = { headers: { 'Content-Security-Policy': '' } };

interface Loaded {
  readonly kept: readonly string[];
  readonly logits: readonly number[];
  readonly warnings: readonly string[];
  readonly listed: readonly object[];
}
type Report =
  | { readonly type: 'part' }
  | ({ readonly type: 'first' | 'second' | 'third' } & Loaded)
  | { readonly type: 'done'; readonly verified: string; readonly isCached: boolean; readonly left: readonly object[] };

/** Serves a small model whose file has three chunks. */
async function startHub(): Promise<FaultyServer> {
  const file = (name: string): Promise<Buffer> => readFile(`test/golden/base/llama/${name}`);
  const { tensors } = readSafetensors(await file(MODEL));
  const padding = { dtype: 'F32', shape: [5_000_000], bytes: new Uint8Array(20_000_000).fill(3) } as const;
  const hub = await FaultyServer.start({
    'config.json': await file('config.json'),
    [MODEL]: writeSafetensors([...tensors, ['padding', padding]]),
  });
  hub.headers = HUB_HEADERS;
  return hub;
}

interface Visit {
  readonly profile?: string;
  /** The site's storage quota, in bytes. */
  readonly quota?: number;
  readonly once?: boolean;
}

/** Opens the page, and waits until it is done or its browser is killed. */
function visit(
  name: BrowserName,
  url: string,
  hub: FaultyServer,
  { profile, quota, once = false }: Visit,
  onReport: (report: Report) => 'kill' | undefined,
): Promise<void> {
  const address = `${url}/pages/models/kept.html?host=${encodeURIComponent(hub.url)}${once ? '&once' : ''}`;
  return withPage(
    name,
    url,
    async ({ page, kill }) => {
      if (quota !== undefined) {
        const browser = await page.createCDPSession();
        await browser.send('Storage.overrideQuotaForOrigin', { origin: url, quotaSize: quota });
      }
      await reported(page, address, (report: Report) => {
        const isKilled = onReport(report) === 'kill';
        if (isKilled) kill();
        return isKilled || report.type === 'done' ? report : undefined;
      });
    },
    profile === undefined ? {} : { profile },
  );
}

testOnce('chromium: a full disk costs the copy, not the model', async () => {
  const hub = await startHub();
  try {
    await withSite(async (url) => {
      let done: Loaded | undefined;
      await visit('chromium', url, hub, { quota: 1.5 * CHUNK, once: true }, (report) => {
        done = report as Report & Loaded;
        return undefined;
      });
      expect(done?.warnings).toEqual([
        expect.stringMatching(/^storage_full: model.safetensors is loaded, but not kept/),
      ]);
      expect(done?.logits.length).toBeGreaterThan(0);
      expect(done?.listed).toMatchObject([{ name: 'a/b', bytes: expect.toSatisfy((bytes) => bytes < 1000) }]);
    }, FROM_ANYWHERE);
  } finally {
    await hub.close();
  }
});

test.each(ofRing(browserNames, { test: (name) => name === 'chromium' }))(
  '%s: a download that is killed resumes in the next visit, and is then cached',
  async (name) => {
    const profile = await mkdtemp(join(tmpdir(), 'webvera-'));
    const hub = await startHub();
    try {
      await withSite(async (url) => {
        // The download of the weights stalls in the middle of the second chunk.
        hub.fail({}, { stallAfter: 1.5 * CHUNK });
        await visit(name, url, hub, { profile }, ({ type }) => (type === 'part' ? 'kill' : undefined));
        hub.asked.length = 0;

        const asked = new Map<string, number>();
        const reports = new Map<string, Report>();
        await visit(name, url, hub, { profile }, (report) => {
          reports.set(report.type, report);
          asked.set(report.type, hub.asked.length);
          return undefined;
        });
        const [first, second, third] = ['first', 'second', 'third'].map((type) => reports.get(type) as Report & Loaded);
        expect(first?.kept).toEqual(['config.json', `${MODEL} from ${CHUNK}`]);
        expect(hub.asked[0]).toMatchObject({
          path: `/a/b/resolve/${HUB_COMMIT}/${MODEL}`,
          range: `bytes=${CHUNK}-`,
        });
        expect(first?.listed).toMatchObject([{ name: 'a/b', revision: HUB_COMMIT, state: 'verified' }]);
        expect(first?.warnings).toEqual([]);

        expect(asked.get('second')).toBe(asked.get('first'));
        expect(second?.kept).toEqual(['config.json', MODEL]);
        expect(second?.logits).toEqual(first?.logits);

        expect(asked.get('third')).toBe((asked.get('second') ?? 0) + 1);
        expect(hub.asked.at(-1)?.range).toBe(`bytes=${CHUNK}-`);
        expect(third?.logits).toEqual(first?.logits);
        expect(reports.get('done')).toMatchObject({ verified: 'ok', isCached: true, left: [] });
      }, FROM_ANYWHERE);
    } finally {
      await hub.close();
      await rm(profile, { recursive: true, force: true, maxRetries: 20 });
    }
  },
);
