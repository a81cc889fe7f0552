import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { LearnRecord } from '../../../src/page/profile/types';
import { withSite } from '../helpers/harness';
import { type Done, visit } from '../helpers/visit';

interface Stage {
  readonly name: string;
  /** The scores of each new message's labels, the highest first. */
  readonly told: readonly (readonly number[])[];
  readonly record: LearnRecord;
}

interface Labelled extends Done {
  readonly stages: readonly Stage[];
  /** When the run in idle time paused and resumed: the type and reason of each event. */
  readonly reasons: readonly string[];
  readonly canGoBack?: boolean;
}

// `npm test` has the labels of the tag in Chromium.
test('firefox: twelve labelled messages are learnt at once, refined in idle time, and again after a reload, which is undone and exported', async () => {
  const profile = await mkdtemp(join(tmpdir(), 'webvera-'));
  const open = async (url: string, page: string): Promise<Labelled> =>
    (await visit('firefox', url, page, { profile })).at(-1) as Labelled;
  try {
    await withSite(async (url) => {
      const first = await open(url, 'runs/labelled.html');
      const [instant, refined] = first.stages;
      expect(instant!.record).toMatchObject({ method: 'instant', examples: 12, steps: 0, taken: true });
      expect(refined!.record).toMatchObject({ method: 'refine', examples: 12, steps: 2, left_out: [4, 5, 10, 11] });
      expect(refined!.record.candidates.filter(({ chosen }) => chosen)).toHaveLength(1);
      expect(first.reasons.slice(0, 2)).toEqual(['paused busy', 'resumed busy']);

      const second = await open(url, 'runs/labelled.html?again');
      const [reloaded, again, back] = second.stages;
      expect(reloaded!.told).toEqual(refined!.told);
      expect(again!.record).toMatchObject({ method: 'refine', taken: true });
      expect(again!.record.at).toBeGreaterThan(refined!.record.at);
      expect(second.canGoBack).toBe(true);
      expect(back!.told).toEqual(refined!.told);
      const { config } = second.files as { readonly config: readonly number[] };
      expect(JSON.parse(new TextDecoder().decode(Uint8Array.from(config)))).toMatchObject({
        peft_type: 'VERA',
        task_type: 'SEQ_CLS',
      });
    });
  } finally {
    await rm(profile, { recursive: true, force: true, maxRetries: 20 });
  }
});
