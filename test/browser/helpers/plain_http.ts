import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Page } from 'puppeteer-core';
import { newTab } from './harness';

/** An address that isn't a secure context: only https and this machine are. */
const ORIGIN = 'http://plain.test';

/** Runs `body` with a page of the same browser for which `http://plain.test` is the site at `url`: a proxy passes its requests on. */
export async function withPlainHttp<T>(
  usual: Page,
  url: string,
  body: (page: Page, origin: string) => Promise<T>,
): Promise<T> {
  const proxy = createServer((asked, response) => {
    const { pathname, search } = new URL(asked.url ?? '/', ORIGIN);
    const passed = request(new URL(pathname + search, url), (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    passed.on('error', () => response.destroy());
    passed.end();
  });
  await new Promise<void>((listening) => proxy.listen(0, '127.0.0.1', listening));
  const { port } = proxy.address() as AddressInfo;
  const context = await usual.browser().createBrowserContext({ proxyServer: `http://127.0.0.1:${port}` });
  try {
    return await body(await newTab(context), ORIGIN);
  } finally {
    await context.close();
    proxy.closeAllConnections();
    await new Promise((closed) => proxy.close(closed));
  }
}
