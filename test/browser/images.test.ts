import { expect, test } from 'vitest';
import { POLICY } from '../../scripts/browsers/serve.mjs';
import { ofRing } from '../helpers/ring';
import { browserNames, reportOf, withBrowser, withSite } from './helpers/harness';

/** An image on another server: pages can show it, but can't read its pixels. */
const PICTURE = '<svg xmlns="http://www.w3.org/2000/svg" width="40" height="40"><rect width="9" height="9"/></svg>';
const OPEN = { 'Cross-Origin-Resource-Policy': 'cross-origin' };

interface Report {
  readonly losses: readonly number[];
  readonly evaluations: readonly Readonly<Record<string, number>>[];
  readonly refused: object;
  readonly alone: object;
  /** Whether the model was unchanged after it rejected a file that can't be decoded. */
  readonly isUntouched: boolean;
  /** The predicted labels of new images of stripes and dots. */
  readonly likeliest: readonly string[];
  /** Whether the predictions from an image file and from its pixels are equal. */
  readonly isSame: boolean;
  /** For each element or object that can show the image: whether its prediction equals the one from the pixels. */
  readonly isShown: object;
  /** The number of steps of a run that trains on these elements. */
  readonly global_step: number;
  readonly notShown: object;
}

test.each(ofRing(browserNames, { test: (name) => name === 'chromium' }))(
  '%s: a classifier learns from image files, and reports a broken one',
  async (name) => {
    const report = await withSite(
      (elsewhere) =>
        withBrowser(
          name,
          (page, url) => reportOf<Report>(page, `${url}/pages/models/images.html?${elsewhere}/picture`),
          {
            headers: { 'Content-Security-Policy': POLICY.replace('img-src', `img-src ${elsewhere}`) },
          },
        ),
      { mounts: { '/picture': { type: 'image/svg+xml', body: PICTURE } }, headers: OPEN },
    );
    const { losses, evaluations, refused, alone, isShown, global_step, notShown, ...others } = report;
    expect(losses).toHaveLength(12);
    expect(losses.at(-1)).toBeLessThan((losses[0] ?? 0) / 2);
    expect(evaluations).toEqual([expect.objectContaining({ accuracy: 1, eval_rows: 4 })]);
    const message = 'image: expected an image that this browser can decode, got 6 bytes of type "image/png"';
    expect(refused).toMatchObject({ code: 'invalid_format', message: `example 10: ${message}` });
    expect(alone).toMatchObject({ code: 'invalid_format', message: `predict: inputs[0]: ${message}` });
    expect(others).toEqual({ isUntouched: true, likeliest: ['stripes', 'dots'], isSame: true });
    expect(isShown).toEqual({ canvas: true, img: true, offscreen: true, bitmap: true, frame: true });
    expect(global_step).toBe(1);
    const unread = (message: string | RegExp, hint: RegExp, code = 'invalid_argument') =>
      expect.objectContaining({ code, message: expect.stringMatching(message), hint: expect.stringMatching(hint) });
    const otherServer = unread(/that the page may read, got a picture of another server$/, /crossOrigin = 'anonymous'/);
    expect(notShown).toEqual({
      early: unread(/expected an <img> that has loaded/, /await img\.decode\(\)/),
      foreign: otherServer,
      tainted: otherServer,
      missing: unread(/expected pixels, got '0×0 of HTMLImageElement'$/, /fail to load/),
      closed: unread(/expected pixels, got '0×0 of ImageBitmap'$/, /closed/),
      large: unread(/at most 67108864 pixels, .* got 32767×2049$/, /smaller/, 'limit_exceeded'),
    });
  },
);
