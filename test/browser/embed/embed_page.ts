import type { IncomingMessage } from 'node:http';
import { fileURLToPath } from 'node:url';
import type { Page } from 'puppeteer-core';
import { expect } from 'vitest';
import { type Mount, serve } from '../../../scripts/browsers/serve.mjs';
import { integrityOf } from '../../../scripts/build/plugins.mjs';
import type {} from '../../../src/embed';
import { type BrowserName, withPage } from '../helpers/harness';

declare global {
  interface Window {
    /** Violations of the page's Content Security Policy. */
    violations: string[];
  }
}

const folder = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const script = folder('../../../dist/embed.js');

/** Attributes of the <web-vera> element for a short training run. */
export const small = 'r="4" target-modules="q_proj,down_proj" max-steps="3" max-length="32"';

/** Another origin, which serves the page's script and model. */
export interface Cdn {
  readonly url: string;
  /** The requested paths, in order. */
  readonly requests: string[];
}

export interface EmbedOptions {
  /** Returns the page's Content Security Policy; by default the strictest one with which the <web-vera> element works. */
  readonly policy?: (cdn: Cdn) => string;
  /** More files that the other origin serves. */
  readonly mounts?: Readonly<Record<string, Mount>>;
  /** Matches the messages of uncaught errors that the test expects. */
  readonly expectedErrors?: RegExp;
  /** Whether the page gets its own browser, which no other test shares. */
  readonly own?: boolean;
}

/**
 * Opens `/page.html` of a site with a Content Security Policy. The page loads the script of the <web-vera> element from another
 * origin. `pages` returns the HTML bodies of the site's pages by path. A violation of the policy fails the test.
 */
export async function withEmbed(
  name: BrowserName,
  pages: (cdn: Cdn) => Readonly<Record<string, string>>,
  body: (page: Page, cdn: Cdn) => Promise<void>,
  { policy = strictest, mounts = {}, expectedErrors, own = false }: EmbedOptions = {},
): Promise<void> {
  const requests: string[] = [];
  const cdnServer = await serve(
    { '/v1/': folder('../../../dist/'), '/models/': folder('../../../demo/public/models/'), ...mounts },
    {
      headers: { 'Access-Control-Allow-Origin': '*' },
      onRequest: ({ url = '' }: IncomingMessage) => requests.push(url),
    },
  );
  const cdn: Cdn = { url: cdnServer.url, requests };
  const served = Object.entries(pages(cdn)).map(([path, content]): [string, Mount] => [
    path,
    { type: 'text/html; charset=utf-8', body: document(content) },
  ]);
  const site = await serve(Object.fromEntries(served), { headers: { 'Content-Security-Policy': policy(cdn) } });
  const said: string[] = [];
  try {
    const options = { own, ...(expectedErrors && { expectedErrors }) };
    await withPage(
      name,
      site.url,
      async ({ page }) => {
        page.on('console', (message) => {
          if (/Content.Security.Policy|Trusted/i.test(message.text())) said.push(message.text());
        });
        await page.evaluateOnNewDocument(() => {
          window.violations = [];
          // The <web-vera> element uses a random seed for each text. Here the seeds are 1, 2, 3, …, so that texts are reproducible.
          let seed = 0;
          const random = crypto.getRandomValues.bind(crypto);
          crypto.getRandomValues = (values) => {
            if (values instanceof Uint32Array && values.length === 1) values[0] = ++seed;
            else random(values);
            return values;
          };
          addEventListener('securitypolicyviolation', (event) => {
            window.violations.push(`${event.effectiveDirective} ${event.blockedURI} ${event.sample}`);
          });
        });
        await page.goto(`${site.url}/page.html`);
        await body(page, cdn);
        expect(await page.evaluate(() => window.violations)).toEqual([]);
      },
      options,
    );
  } finally {
    await site.close();
    await cdnServer.close();
  }
  expect(said).toEqual([]);
}

/** Returns a <script> element that loads the script of <web-vera> from the folder `from`. */
export function tag(cdn: Cdn, from = '/v1/'): string {
  const src = `${cdn.url}${from}embed.js`;
  return `<script src="${src}" integrity="${integrityOf(script)}" crossorigin="anonymous" defer></script>`;
}

export const prose = (cdn: Cdn): string => `${cdn.url}/models/prose-1.4M/`;

/** Returns a Content Security Policy that allows the other origin's script, and no inline code. */
function strictest({ url }: Cdn): string {
  return [
    "default-src 'none'",
    `script-src ${url}`,
    'worker-src blob:',
    `connect-src ${url}`,
    "img-src 'self'", // for the icon that Firefox asks for
    "base-uri 'none'",
    "require-trusted-types-for 'script'",
    'trusted-types webvera',
  ].join('; ');
}

function document(body: string): string {
  return `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>A page of somebody’s</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark"></head>
<body><main><h1>Notes</h1>${body}</main></body>
</html>`;
}
