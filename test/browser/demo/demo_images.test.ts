import type { Page } from 'puppeteer-core';
import { expect, test } from 'vitest';
import { readSafetensors } from '../../../src/formats/tensors/safetensors';
import { expectAccessible } from '../helpers/axe';
import { expectNarrow, exported, told, upload, wipe, withClasses } from './classes_page';
import { builtDemo, click, fill, isDisabled, phase, seen, textOf, until } from './demo_page';

const { folder, site } = await builtDemo();

/** Pastes PNG files of stripes into the page, or drops them on a class. */
async function give(page: Page, how: 'paste' | 'drop', selector: string, widths: readonly number[]): Promise<void> {
  await page.$eval(
    selector,
    async (target, type, stripes) => {
      const data = new DataTransfer();
      for (const width of stripes) {
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
}

test('a visitor teaches pictures, tries others, has everything after a reload, and wipes it', async () => {
  const visit = async (page: Page): Promise<void> => {
    expect(await textOf(page, 'nav [aria-current]')).toBe('Images');
    expect(await textOf(page, '#train-status')).toBe('Add some pictures first.');
    await expectAccessible(page);
    await upload(page, folder, '.class-tile input[type="file"]', 'broken.png', 'no PNG');
    await seen(page, '#banner');
    expect(await textOf(page, '#banner p')).toBe('broken.png is no picture that this browser can read.');

    // Adds pictures to the focused class by paste, by drop, from the camera and by drawing.
    await page.focus('.class-tile:nth-child(2) input');
    expect(await textOf(page, '#paste-note')).toBe('Pictures that you paste go to “Class 2”.');
    await give(page, 'paste', 'body', [2, 3]);
    await thumbs(page, [0, 2]);
    await give(page, 'drop', '.class-tile:first-child', [15, 18]);
    await thumbs(page, [2, 2]);
    await click(page, '.class-tile:first-child [aria-label="Camera… for Class 1"]');
    await click(page, '#capture-take');
    await until(page, () => document.querySelector('#capture-count')?.textContent === '1 added.');
    await page.keyboard.press('Escape');
    const isOff = () =>
      (window as unknown as { camera: MediaStream }).camera.getTracks().every((track) => track.readyState === 'ended');
    await until(page, isOff);
    await click(page, '.class-tile:nth-child(2) [aria-label="Draw… for Class 2"]');
    expect(await isDisabled(page, '#capture-take')).toBe(true); // the board is empty
    await draw(page, '#capture .board');
    await click(page, '#capture-take');
    await until(page, () => document.querySelector('#capture-count')?.textContent === '1 added.');
    await click(page, '#capture-done');
    await thumbs(page, [3, 3]);
    await page.focus('[aria-label="Remove picture 1 of Class 1"]');
    await page.keyboard.press('Enter');
    await thumbs(page, [2, 3]);

    await page.click('#settings summary');
    await fill(page, { max_steps: '6', r: '8' });
    await click(page, '#start');
    await phase(page, '#train-card', 'running');
    await phase(page, '#train-card', 'idle');
    expect(await textOf(page, '#train-status')).toMatch(
      /^Refined on 5 pictures in .+, and kept\. .+ some are held out/,
    );
    await draw(page, '#try-view .board');
    const first = await told(page);
    expect(first).toMatch(/^Class [12], \d+ % sure$/);
    await seen(page, '#seen-figure');
    await expectAccessible(page);
    await expectNarrow(page);
    const { config, weights } = await exported(page, folder);
    expect(config).toMatchObject({ peft_type: 'VERA', r: 8, modules_to_save: ['classifier'] });
    expect(readSafetensors(weights).tensors.get('base_model.model.classifier.weight')?.shape).toEqual([2, 192]);

    await page.reload();
    await thumbs(page, [2, 3]);
    await seen(page, '#device');
    await draw(page, '#try-view .board');
    expect(await told(page)).toBe(first);
    await click(page, '#try-camera');
    await seen(page, '#try-view video');
    expect(await told(page)).toMatch(/^Class [12], /);
    await upload(page, folder, '#try-files', 'broken.png', 'no PNG');
    await seen(page, '#banner');
    await click(page, '#try-drawing');
    await until(page, isOff);
    await wipe(page);
    await page.reload();
    await seen(page, '#device');
    await thumbs(page, [0, 0]);
  };
  await withClasses(site, 'images.html', visit, withCamera);
});

test('a missing or refused camera is explained, and drawings work without it', async () => {
  const refuse = (): void => {
    const getUserMedia = () => Promise.reject(new DOMException('No', 'NotAllowedError'));
    Object.defineProperty(Navigator.prototype, 'mediaDevices', { configurable: true, get: () => ({ getUserMedia }) });
  };
  const visit = async (page: Page): Promise<void> => {
    await click(page, '[aria-label="Camera… for Class 1"]');
    await until(page, () =>
      /^This page was not allowed/.test(document.querySelector('.camera-reason')?.textContent ?? ''),
    );
    expect(await isDisabled(page, '#capture-take')).toBe(true);
    await page.keyboard.press('Escape');
    await page.evaluate(
      () => void Object.defineProperty(Navigator.prototype, 'mediaDevices', { get: () => undefined }),
    );
    await click(page, '#try-camera');
    await until(page, () => document.querySelector('#try-view .camera-reason')?.textContent !== '');
    expect(await textOf(page, '#try-view')).toBe('There is no camera here. Files and drawings work all the same.');
    await click(page, '#use-sample');
    await thumbs(page, [10, 10, 10]);
    expect(await page.$eval('#classes input', (input) => input.value)).toBe('circles');
    await until(page, () => document.querySelector<HTMLButtonElement>('#start')?.disabled === false);
    // Draws with the arrow keys.
    await click(page, '#try-drawing');
    await page.focus('#try-view .board');
    await page.keyboard.press('ArrowRight');
    await seen(page, '#seen-figure');
    await expectAccessible(page);
  };
  await withClasses(site, 'images.html', visit, refuse);
});
