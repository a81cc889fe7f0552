import type { Page } from 'puppeteer-core';
import { expect, test } from 'vitest';
import { readSafetensors } from '../../../src/formats/tensors/safetensors';
import { expectAccessible } from '../helpers/axe';
import { expectNarrow, exported, told, upload, wipe, withClasses, withoutRefining } from './classes_page';
import { builtDemo, click, isDisabled, seen, textOf, until } from './demo_page';

const { folder, site } = await builtDemo();

/** Pastes PNG files with stripes of these widths into the page, or drops them on a class. Width 0 makes a file that isn't a PNG. */
async function give(page: Page, how: 'paste' | 'drop', selector: string, widths: readonly number[]): Promise<void> {
  await page.$eval(
    selector,
    async (target, type, stripes) => {
      const data = new DataTransfer();
      for (const width of stripes) {
        if (width === 0) {
          data.items.add(new File(['no PNG'], 'broken.png', { type: 'image/png' }));
          continue;
        }
        const canvas = new OffscreenCanvas(60, 40);
        const context = canvas.getContext('2d') as OffscreenCanvasRenderingContext2D;
        for (let x = 0; x < 60; x += 2 * width) context.fillRect(x, 0, width, 40);
        data.items.add(new File([await canvas.convertToBlob()], `${width}.png`, { type: 'image/png' }));
      }
      const init = { bubbles: true, cancelable: true };
      target.dispatchEvent(
        type === 'paste'
          ? new ClipboardEvent('paste', { ...init, clipboardData: data })
          : new DragEvent('drop', { ...init, dataTransfer: data }),
      );
    },
    how,
    widths,
  );
}

async function thumbs(page: Page, wanted: readonly number[]): Promise<void> {
  await page.waitForFunction(
    (counts) => {
      const tiles = [...document.querySelectorAll('.class-tile')];
      return JSON.stringify(tiles.map((tile) => tile.querySelectorAll('.thumb').length)) === counts;
    },
    { polling: 20 },
    JSON.stringify(wanted),
  );
}

/** Draws a line on a board. */
async function draw(page: Page, board: string): Promise<void> {
  await page.$eval(board, (canvas) => canvas.scrollIntoView({ block: 'center' }));
  const { x = 0, y = 0, width = 0, height = 0 } = (await (await page.$(board))?.boundingBox()) ?? {};
  await page.mouse.move(x + width / 5, y + height / 2);
  await page.mouse.down();
  await page.mouse.move(x + (4 * width) / 5, y + height / 2, { steps: 4 });
  await page.mouse.up();
}

/** Replaces the camera by a canvas with a moving shape. */
function withCamera(): void {
  const getUserMedia = async (): Promise<MediaStream> => {
    const canvas = document.createElement('canvas');
    let shade = 0;
    setInterval(() => {
      const context = canvas.getContext('2d') as CanvasRenderingContext2D;
      context.fillStyle = `rgb(${shade++ % 200}, 0, 0)`;
      context.fillRect(0, 0, 300, 150);
    }, 20);
    const stream = canvas.captureStream();
    Object.assign(window, { camera: stream });
    return stream;
  };
  Object.defineProperty(Navigator.prototype, 'mediaDevices', { get: () => ({ getUserMedia }) });
  // Counts the pictures that are being encoded.
  Object.assign(window, { encoding: 0 });
  const { toBlob } = HTMLCanvasElement.prototype;
  HTMLCanvasElement.prototype.toBlob = function (done, ...rest) {
    const page = window as unknown as { encoding: number };
    page.encoding += 1;
    toBlob.call(
      this,
      (blob) => {
        page.encoding -= 1;
        done(blob);
      },
      ...rest,
    );
  };
}

/** Holds a button down with the mouse until the first class has this number of pictures. */
async function hold(page: Page, selector: string, pictures: number): Promise<void> {
  const isHeld = (button: Element): boolean => (button as HTMLElement).dataset.held !== undefined;
  const press = async (): Promise<boolean> => {
    await page.locator(selector).hover();
    await page.mouse.down();
    return page.$eval(selector, isHeld);
  };
  while (!(await press())) await page.mouse.up(); // the button moved before the press
  const hasEnded = (count: number, button: string): boolean =>
    document.querySelectorAll('.class-tile:first-child .thumb').length >= count ||
    document.querySelector(`${button}[data-held]`) === null;
  await page.waitForFunction(hasEnded, { polling: 20 }, pictures, selector);
  expect(await page.$eval(selector, isHeld), await textOf(page, '#banner')).toBe(true);
  await page.mouse.up();
  // A picture that is still being encoded when the button is released is added, too.
  await until(page, () => (window as unknown as { encoding: number }).encoding === 0);
}

test('a visitor teaches drawings and what the camera sees, has everything after a reload, and wipes it', async () => {
  const visit = async (page: Page): Promise<void> => {
    await withoutRefining(page);
    expect(await textOf(page, 'nav [aria-current]')).toBe('Images');
    // The page begins with sample drawings, which it has learnt.
    await until(page, () => /^Right for /.test(document.querySelector('#accuracy')?.textContent ?? ''));
    await thumbs(page, [10, 10, 10]);
    await draw(page, '#try-view .board');
    expect(await told(page)).toMatch(/circles|crosses|zigzags/);
    await expectAccessible(page);
    await wipe(page);
    expect(await textOf(page, '#accuracy')).toBe('Add some pictures first.');
    await upload(page, folder, '.class-tile input[type="file"]', 'broken.png', 'no PNG');
    await seen(page, '#banner');
    expect(await textOf(page, '#banner p')).toBe('broken.png is no picture that this browser can read.');
    // A picture that can't be read is left out, and the others are added.
    await give(page, 'drop', '.class-tile:first-child', [21, 0]);
    await thumbs(page, [1, 0]);
    expect(await textOf(page, '#banner p')).toBe('1 picture could not be read.');
    await click(page, '[aria-label="Remove picture 1 of Class 1"]');
    await thumbs(page, [0, 0]);

    // Adds pictures to the focused class by paste, by drop, by drawing, and from the camera.
    await page.focus('.class-tile:nth-child(2) button');
    expect(await textOf(page, '#paste-note')).toBe('Pictures that you paste go to “Class 2”.');
    await give(page, 'paste', 'body', [2, 3]);
    await thumbs(page, [0, 2]);
    await give(page, 'drop', '.class-tile:first-child', [15, 18]);
    await thumbs(page, [2, 2]);
    await click(page, '[aria-label="Add to Class 2"]');
    await thumbs(page, [2, 3]);
    expect(await isDisabled(page, '[aria-label="Add to Class 2"]')).toBe(true); // the board is empty again
    await click(page, '#try-camera');
    await seen(page, '#try-view video');
    await hold(page, '[aria-label="Hold to record Class 1"]', 5);
    const recorded = await page.$$eval('.class-tile:first-child .thumb', ({ length }) => length);
    await page.focus('[aria-label="Remove picture 1 of Class 1"]');
    await page.keyboard.press('Enter');
    await thumbs(page, [recorded - 1, 3]);
    expect(await told(page)).toMatch(/Class [12]/);

    await click(page, '#try-drawing');
    const isOff = () =>
      (window as unknown as { camera: MediaStream }).camera.getTracks().every((track) => track.readyState === 'ended');
    await until(page, isOff);
    await until(page, () => document.querySelector('#accuracy')?.getAttribute('aria-busy') === 'false');
    await draw(page, '#try-view .board');
    const first = await told(page);
    await expectAccessible(page);
    await expectNarrow(page);
    const { config, weights } = await exported(page, folder);
    expect(config).toMatchObject({ peft_type: 'VERA', r: 64, modules_to_save: ['classifier'] });
    expect(readSafetensors(weights).tensors.get('base_model.model.classifier.weight')?.shape).toEqual([2, 192]);

    await page.reload();
    await thumbs(page, [recorded - 1, 3]);
    await withoutRefining(page);
    await draw(page, '#try-view .board');
    expect(await told(page)).toBe(first);
    await upload(page, folder, '#try-files', 'broken.png', 'no PNG');
    await seen(page, '#banner');
    await wipe(page);
    await thumbs(page, [0, 0]);
  };
  await withClasses(site, 'images.html', visit, withCamera);
});

test('one step of teaching fits on a phone held upright', async () => {
  await withClasses(site, 'images.html', async (page) => {
    await withoutRefining(page);
    await page.setViewport({ width: 390, height: 844 });
    await until(page, () => document.querySelectorAll('.class-row').length === 3);
    const bottom = await page.$eval('#add-class', (button) => button.getBoundingClientRect().bottom);
    expect(bottom).toBeLessThanOrEqual(844);
  });
});

test('a missing or refused camera is explained, and drawings work without it', async () => {
  const refuse = (): void => {
    const getUserMedia = () => Promise.reject(new DOMException('No', 'NotAllowedError'));
    Object.defineProperty(Navigator.prototype, 'mediaDevices', { configurable: true, get: () => ({ getUserMedia }) });
  };
  const visit = async (page: Page): Promise<void> => {
    await withoutRefining(page);
    await click(page, '#try-camera');
    await until(page, () =>
      /^This page was not allowed/.test(document.querySelector('#try-view .camera-reason')?.textContent ?? ''),
    );
    expect(await isDisabled(page, '[aria-label="Hold to record circles"]')).toBe(true);
    await page.evaluate(
      () => void Object.defineProperty(Navigator.prototype, 'mediaDevices', { get: () => undefined }),
    );
    await click(page, '#try-camera');
    await until(page, () => /^There is no/.test(document.querySelector('#try-view .camera-reason')?.textContent ?? ''));
    expect(await textOf(page, '#try-view')).toBe('There is no camera here. Files and drawings work all the same.');
    // Draws with the arrow keys, and adds the drawing.
    await click(page, '#try-drawing');
    await page.focus('#try-view .board');
    await page.keyboard.press('ArrowRight');
    await page.focus('[aria-label="Add to zigzags"]');
    await page.keyboard.press('Enter');
    await thumbs(page, [10, 10, 11]);
    await expectAccessible(page);
    // A second press of the button adds nothing.
    for (const name of ['zigzags', 'circles']) {
      await page.focus('#try-view .board');
      await page.keyboard.press('ArrowDown');
      await page.$eval(`[aria-label="Add to ${name}"]`, (button) => {
        for (let press = 0; press < 2; press++) (button as HTMLButtonElement).click();
      });
      await until(page, () => document.activeElement?.matches('.board') === true);
    }
    await thumbs(page, [11, 10, 12]);
  };
  await withClasses(site, 'images.html', visit, refuse);
});
