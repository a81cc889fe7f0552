// Prepares a page for a screenshot.

/** @typedef {import('puppeteer-core').Page} Page */

/** Emulates a colour scheme and reduced motion, so that no colour transition runs. @param {Page} page @param {'light' | 'dark'} scheme */
export function shownIn(page, scheme) {
  return page.emulateMediaFeatures([
    { name: 'prefers-color-scheme', value: scheme },
    { name: 'prefers-reduced-motion', value: 'reduce' },
  ]);
}

/** Waits for two frames, so that the whole page is drawn. @param {Page} page */
export async function painted(page) {
  await page.evaluate(
    () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(null)))),
  );
}

/** Waits until the text of an element begins with `begins`. @param {Page} page @param {string} selector @param {string} begins */
export async function shows(page, selector, begins) {
  const holds = (/** @type {string} */ where, /** @type {string} */ text) =>
    document.querySelector(where)?.textContent?.startsWith(text);
  await page.waitForFunction(holds, { polling: 20 }, selector, begins);
}
