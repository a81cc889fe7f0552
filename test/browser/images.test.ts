import { expect, test } from 'vitest';
import { ofRing } from '../helpers/ring';
import { browserNames, reportOf, withBrowser } from './harness';

interface Report {
  readonly losses: readonly number[];
  readonly evaluations: readonly Readonly<Record<string, number>>[];
  readonly refused: object;
  readonly alone: object;
  /** Whether what couldn't be decoded left all as it was. */
  readonly isUntouched: boolean;
  /** Of stripes and dots that it hasn't seen. */
  readonly likeliest: readonly string[];
  /** Whether a file and its pixels are told alike. */
  readonly isSame: boolean;
}

test.each(ofRing(browserNames, { test: (name) => name === 'chromium' }))(
  '%s: a classifier learns from image files, and is told which one is broken',
  async (name) => {
    const report = await withBrowser(name, (page, url) => reportOf<Report>(page, `${url}/pages/images.html`));
    const { losses, evaluations, refused, alone, ...others } = report;
    expect(losses).toHaveLength(12);
    expect(losses.at(-1)).toBeLessThan((losses[0] ?? 0) / 2);
    expect(evaluations).toEqual([expect.objectContaining({ accuracy: 1, eval_rows: 4 })]);
    const message = 'image: expected an image that this browser can decode, got 6 bytes of type "image/png"';
    expect(refused).toMatchObject({ code: 'invalid_format', message: `example 10: ${message}` });
    expect(alone).toMatchObject({ code: 'invalid_format', message: `predict: inputs[0]: ${message}` });
    expect(others).toEqual({ isUntouched: true, likeliest: ['stripes', 'dots'], isSame: true });
  },
);
