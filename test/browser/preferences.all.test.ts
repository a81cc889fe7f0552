import { expect, test } from 'vitest';
import type { StepLogs } from '../../src/index';
import { expectGolden, goldenDpo, goldenKto } from '../helpers/golden/golden_preferences';
import { ofAll } from '../helpers/ring';
import { browserNames, reportOf, withBrowser } from './helpers/harness';

interface Learnt {
  readonly steps: number;
  /** The reward margin, evaluated before training and after it. */
  readonly before: number;
  readonly after: number;
}

interface GoldenRun {
  readonly logs: readonly StepLogs[];
  readonly files: { readonly config: readonly number[]; readonly model: readonly number[] };
}

interface Report {
  readonly pairs: Learnt;
  readonly ratings: Learnt;
  readonly dpo: GoldenRun;
  readonly kto: GoldenRun;
}

test.each(ofAll(browserNames, (name) => name === 'firefox'))(
  '%s: the bundled model learns pairs and ratings, and a golden model what TRL taught it',
  async (name) => {
    const { pairs, ratings, ...golden } = (await withBrowser(name, (page, url) =>
      reportOf(page, `${url}/pages/engine/preferred.html`),
    )) as Report;
    for (const { steps, before, after } of [pairs, ratings]) {
      expect({ steps, before }).toEqual({ steps: 6, before: 0 });
      expect(after).toBeGreaterThan(0.01);
    }
    for (const [{ logs, files }, [row]] of [
      [golden.dpo, goldenDpo.rows],
      [golden.kto, goldenKto.rows],
    ] as const) {
      const [config, model] = [files.config, files.model].map((bytes) => new Blob([Uint8Array.from(bytes)]));
      await expectGolden(row!, { 'adapter_config.json': config!, 'adapter_model.safetensors': model! }, logs);
    }
  },
);
