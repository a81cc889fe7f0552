import type { Page } from 'puppeteer-core';

/** Crashes Chromium's GPU process, as a bad driver does. Only the DevTools protocol's browser session can do this. */
export async function crashGpu(page: Page): Promise<void> {
  const browser = await page.browser().target().createCDPSession();
  await browser.send('Browser.crashGpuProcess');
}
