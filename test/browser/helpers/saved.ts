import type { Page } from 'puppeteer-core';
import { until } from '../demo/demo_page';

/** `window.saved` has the files of clicked download links, by file name. */
declare global {
  interface Window {
    saved: Map<string, Blob>;
  }
}

/** Makes the next documents of a page store their downloads in `window.saved`. */
export async function keepDownloads(page: Page): Promise<void> {
  await page.evaluateOnNewDocument(() => {
    window.saved = new Map();
    const made = new Map<string, Blob>();
    const createObjectURL = URL.createObjectURL.bind(URL);
    URL.createObjectURL = (blob) => {
      const address = createObjectURL(blob);
      if (blob instanceof Blob) made.set(address, blob);
      return address;
    };
    HTMLAnchorElement.prototype.click = function (this: HTMLAnchorElement) {
      const blob = made.get(this.href);
      if (blob !== undefined) window.saved.set(this.download, blob);
    };
  });
}

/** Clicks Export, and returns the bytes of the downloaded files by file name. */
export async function exported(page: Page): Promise<Map<string, number[]>> {
  await page.click('#export');
  await until(page, () => window.saved.has('profile.json'));
  const files = await page.evaluate(() =>
    Promise.all(
      [...window.saved].map(async ([name, blob]): Promise<[string, number[]]> => {
        return [name, [...new Uint8Array(await blob.arrayBuffer())]];
      }),
    ),
  );
  return new Map(files);
}
