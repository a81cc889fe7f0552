import { expect, test } from 'vitest';
import { reporting, withBrowser } from '../helpers/harness';

// `npm test` has the tag's thumbs in Chromium.
test('firefox: thumbs are learnt, over a reload in mid-run, taken back, and forgotten', async () => {
  await withBrowser('firefox', async (page, url) => {
    const address = `${url}/pages/profiles/thumbs.html`;
    const report = await reporting(page);
    const { ratings, good } = await report<{ ratings: number; good: number }>(address);
    expect(ratings).toBe(24);
    expect(good).toBeGreaterThan(0);
    expect(good).toBeLessThan(24);
    // The run began with 24 ratings, and one was added during the run.
    expect(await report(`${address}?again`)).toMatchObject({
      steps: 6,
      ratings: 25,
      record: { examples: 24, steps: 6, taken: true, phases: [{ kind: 'ratings', examples: 24, held_out: 0 }] },
      changed: true,
      restored: true,
      left: [],
    });
  });
});
