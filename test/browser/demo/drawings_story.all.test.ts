import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Page } from 'puppeteer-core';
import { expect, test } from 'vitest';
import { readSafetensors } from '../../../src/formats/tensors/safetensors';
import { expectAccessible } from '../helpers/axe';
import { withPage, withSite } from '../helpers/harness';
import { exported } from '../helpers/saved';
import { builtDemo, textOf, until } from './demo_page';
import { EXAMPLE_HEADERS, openExample } from './examples_page';

const { folder, site } = await builtDemo();

const KINDS = ['Circle', 'Square', 'Star'] as const;
type Kind = (typeof KINDS)[number];
const CORNERS: Readonly<Record<Kind, number>> = { Circle: 12, Square: 4, Star: 10 };

/** Returns the corners of a drawing with this position and size. */
function cornersOf(kind: Kind, [x, y, radius]: readonly [number, number, number]): readonly [number, number][] {
  const count = CORNERS[kind];
  const begin = kind === 'Square' ? Math.PI / 4 : -Math.PI / 2;
  return Array.from({ length: count + 1 }, (_, index) => {
    const length = kind === 'Star' && index % 2 === 1 ? 0.4 * radius : radius;
    const angle = begin + (2 * Math.PI * index) / count;
    return [x + length * Math.cos(angle), y + length * Math.sin(angle)];
  });
}

/** Returns the position of the drawing area in the page. */
function paperOf(page: Page): Promise<{ readonly x: number; readonly y: number }> {
  return page.$eval('#paper', (canvas) => {
    const { x, y } = canvas.getBoundingClientRect();
    return { x: x + canvas.clientLeft, y: y + canvas.clientTop };
  });
}

/** Draws with the mouse, replacing the previous drawing. */
async function draw(page: Page, kind: Kind, where: readonly [number, number, number]): Promise<void> {
  await page.click('#clear');
  const paper = await paperOf(page);
  const [first, ...others] = cornersOf(kind, where).map(([x, y]) => [paper.x + x, paper.y + y] as const);
  await page.mouse.move(...first!);
  await page.mouse.down();
  for (const corner of others) await page.mouse.move(...corner);
  await page.mouse.up();
}

async function add(page: Page, kind: Kind, kept: number): Promise<void> {
  await page.waitForSelector('#things:not([disabled])');
  await page.click(`#things button:nth-of-type(${KINDS.indexOf(kind) + 1})`);
  await page.waitForFunction(
    (text) => document.querySelector('#status')?.textContent === text,
    { polling: 20 },
    `Drawings kept: ${kept}`,
  );
}

/** Waits for the prediction for the current drawing, and returns it. */
async function told(page: Page): Promise<string> {
  await until(page, () => document.querySelector('output')?.value !== '');
  return page.$eval('output', ({ value }) => value);
}

/** Selects a picture file, as visitors do who can't draw. */
async function choose(page: Page, path: string): Promise<void> {
  const input = await page.$('input[type=file]');
  await input!.uploadFile(path);
}

async function expectUndecodable(page: Page, where: string): Promise<void> {
  const message = `${where}image: expected an image that this browser can decode`;
  await page.waitForFunction(
    (text) => document.querySelector('#status')?.textContent?.startsWith(text),
    { polling: 20 },
    message,
  );
}

const PLACES = [
  [140, 140, 100],
  [120, 160, 75],
] as const;
/** Positions and sizes of twelve drawings, four of each kind, that the example page hasn't learnt from. */
const UNSEEN = [
  [150, 130, 90],
  [130, 150, 110],
  [160, 150, 60],
  [150, 130, 95],
] as const;

test.each(['chromium'] as const)('%s: a visitor draws, and drawings are recognized after a reload', async (name) => {
  const profile = join(folder, `drawings-${name}`);
  const broken = join(folder, 'broken.png');
  const picture = join(folder, `${name}.png`);
  await writeFile(broken, 'no picture');
  await withSite(
    async (url) => {
      const first = await withPage(
        name,
        url,
        async ({ page }) => {
          await openExample(page, url, 'drawings');
          if (name === 'chromium') await expectAccessible(page);
          let kept = 0;
          for (const place of PLACES) {
            for (const kind of KINDS) {
              await draw(page, kind, place);
              kept += 1;
              await add(page, kind, kept);
            }
          }
          expect(await textOf(page, '#things')).toBe('Add to CircleAdd to SquareAdd to Star');
          await page.click('#learn');
          await until(
            page,
            () => document.querySelector('#status')?.textContent === 'It has learnt. Draw another one.',
          );
          await page.setViewport({ width: 320, height: 900 });
          expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(320);
          return exported(page);
        },
        { profile },
      );
      await withPage(
        name,
        url,
        async ({ page }) => {
          await openExample(page, url, 'drawings');
          let right = 0;
          for (const place of UNSEEN) {
            for (const kind of KINDS) {
              await draw(page, kind, place);
              right += Number((await told(page)).includes(kind));
            }
          }
          expect(right).toBeGreaterThanOrEqual(11);
          const files = await exported(page);
          expect([...files.keys()].sort()).toEqual([
            'adapter_config.json',
            'adapter_model.safetensors',
            'examples.jsonl',
            'images.npy',
            'profile.json',
          ]);
          for (const [file, bytes] of files) if (file !== 'profile.json') expect(bytes).toEqual(first.get(file));
          const { tensors } = readSafetensors(Uint8Array.from(files.get('adapter_model.safetensors')!));
          expect(tensors.get('base_model.model.classifier.weight')?.shape).toEqual([3, 192]);
          expect(files.get('images.npy')).toHaveLength(128 + PLACES.length * KINDS.length * 28 * 28 * 3);
          // The last drawing, a star, is still shown. The page doesn't crop a picture file, so the screenshot contains only the drawing.
          const { x, y } = await paperOf(page);
          await writeFile(picture, await page.screenshot({ clip: { x: x + 44, y: y + 20, width: 212, height: 203 } }));
          await page.click('#clear');
          await choose(page, picture);
          expect(await told(page)).toMatch(/^Star, /);
          await add(page, 'Star', PLACES.length * KINDS.length + 1);
          await choose(page, broken);
          await expectUndecodable(page, 'predict: inputs[0]: ');
          await page.click('#things button');
          await expectUndecodable(page, 'examples[0]: ');
        },
        { profile },
      );
    },
    { mounts: { '/demo/': site }, headers: EXAMPLE_HEADERS },
  );
});
