import type { Page } from 'puppeteer-core';

/** Ends Chromium's GPU process as a bad driver does. Only the browser itself can. */
export async function crashGpu(page: Page): Promise<void> {
  const browser = await page.browser().target().createCDPSession();
  await browser.send('Browser.crashGpuProcess');
}
