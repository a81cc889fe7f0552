// `npm run screenshot`: makes README's picture, which shows the tag after it has learnt from the bundled text.
import { mkdirSync, readFileSync } from 'node:fs';
import { openPage } from './browsers/launch.mjs';
import { serve } from './browsers/serve.mjs';
import { buildIfStale } from './build/build_if_stale.mjs';
import { inRepository } from './shared/paths.mjs';

const picture = inRepository('demo/screenshots/web-vera.png');

const book = readFileSync(inRepository('demo/public/text/moby-dick.txt'), 'utf8');
const paragraphs = book.split('\n\n').slice(120);
const [first, second] = [paragraphs.slice(0, 24), paragraphs.slice(24, 28)].map((some) => some.join('\n\n'));
const body = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>A page with the tag</title>
<style>body { margin: 0; padding: 20px; background: #fff; }</style>
<script src="/dist/embed.js" defer></script>
<web-vera model="/models/prose-1.4M/" r="64" max-steps="60" max-length="64" learning-rate="0.06"></web-vera>
</html>`;

buildIfStale();
mkdirSync(inRepository('demo/screenshots'), { recursive: true });
const server = await serve({
  '/': { type: 'text/html; charset=utf-8', body },
  '/dist/': inRepository('dist/'),
  '/models/': inRepository('demo/public/models/'),
});
const { page, close } = await openPage('chrome', server.url, { adapter: 'software' });
try {
  page.setDefaultTimeout(240_000);
  await page.setViewport({ width: 680, height: 400, deviceScaleFactor: 1.5 });
  await page.goto(`${server.url}/`);
  await page.waitForFunction(() => customElements.get('web-vera') !== undefined);
  // A visitor's steps: one lesson, one generated text, and the picture during the next lesson.
  await page.evaluate(async (text) => {
    const element = /** @type {any} */ (document.querySelector('web-vera'));
    await element.load();
    await element.teach(text);
  }, first);
  const field = (/** @type {string} */ name) =>
    page.locator(`web-vera >>> ::-p-aria([name="${name}"][role="textbox"])`);
  const button = (/** @type {string} */ name) =>
    page.locator(`web-vera >>> ::-p-aria([name="${name}"][role="button"])`);
  await field('How it begins').fill('It was the whale');
  await button('Write').click();
  await page.waitForFunction(() =>
    /whale.{60}/s.test(document.querySelector('web-vera')?.shadowRoot?.textContent ?? ''),
  );
  await field('Text to learn from').fill(String(second));
  await button('Learn').click();
  await page.waitForFunction(() => {
    const element = /** @type {any} */ (document.querySelector('web-vera'));
    return element.profile.learning?.state.global_step >= 25;
  });
  await page.screenshot({ path: /** @type {`${string}.png`} */ (picture), fullPage: true });
  console.log(picture);
} finally {
  await close();
  await server.close();
}
