import { IDBFactory } from 'fake-indexeddb';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import {
  AutoModelForSequenceClassification,
  type ClassifierOptions,
  type ModelSource,
  Profile,
} from '../../../src/index';
import { goldenBase } from '../../helpers/golden/golden';
import { visit } from '../../helpers/session/profiles';
import type { TestSession } from '../../helpers/session/session';

beforeEach(() => void vi.stubGlobal('indexedDB', new IDBFactory()));
afterEach(() => void vi.unstubAllGlobals());

const load = (
  { session }: TestSession,
  options: ClassifierOptions = {},
  source: ModelSource = goldenBase('base/bert'),
) => AutoModelForSequenceClassification.from_pretrained(source, { session, ...options });
const rows = Array.from({ length: 24 }, (_, index) => ({
  input_ids: [10 + (index % 3), 20 + index, 40 + (index % 3), 50],
  label: index % 3,
}));
const [{ input_ids }] = rows as [(typeof rows)[0]];
const options = { peft_config: { r: 8 }, args: { per_device_train_batch_size: 12 } };

async function aboutOf(profile: Profile): Promise<Record<string, unknown>> {
  return JSON.parse((await (await profile.export()).get('profile.json')?.text()) ?? '');
}

describe('a head for labels of one’s own', () => {
  const id2label = { 0: 'red', 1: 'green', 2: 'blue' };

  test('is new, and the profile counts it as one that nobody trained', async () => {
    await visit(async (opened) => {
      const [kept, renewed] = [await load(opened, { id2label }), await load(opened, { id2label, renews_head: true })];
      expect(opened.warnings).toEqual(['new_head']);
      expect(await renewed.predict({ input_ids })).not.toEqual(await kept.predict({ input_ids }));
      expect(await aboutOf(await Profile.open(renewed, 'new', options))).toMatchObject({ solved: true });
      expect(await aboutOf(await Profile.open(kept, 'kept', options))).toMatchObject({ solved: false });
    });
  });

  test('opens the profiles and files of earlier versions, which began with the head of the files', async () => {
    const { told, files } = await visit(async (opened) => {
      const profile = await Profile.open(await load(opened, { id2label }), 'ada', options);
      await profile.add(rows);
      await profile.learn({ method: 'instant' });
      return { told: await profile.predict({ input_ids }), files: await profile.export() };
    });
    await visit(async (opened) => {
      const base = await load(opened, { id2label, renews_head: true });
      expect(await (await Profile.open(base, 'ada')).predict({ input_ids })).toEqual(told);
      expect(await (await Profile.import(base, files, 'copy')).predict({ input_ids })).toEqual(told);
    });
  });
});

describe('a config.json that names no labels', () => {
  async function nameless(): Promise<ModelSource> {
    const { files } = goldenBase('base/bert');
    const { id2label, label2id, ...config } = JSON.parse((await files.get('config.json')?.text()) ?? '');
    const own = { ...config, num_labels: Object.keys(id2label).length };
    return { files: new Map([...files, ['config.json', new Blob([JSON.stringify(own)])]]) };
  }
  const names = ['LABEL_0', 'LABEL_1', 'LABEL_2'];

  test('gives the page transformers’ names, and is exported without them', async () => {
    await visit(async (opened) => {
      const model = await load(opened, {}, await nameless());
      expect(model.config).toMatchObject({ id2label: { ...names }, label2id: { LABEL_0: 0, LABEL_1: 1, LABEL_2: 2 } });
      const config = (await model.export_model()).get('config.json');
      expect(JSON.parse((await config?.text()) ?? '')).not.toHaveProperty('id2label');
    });
  });

  test('lets a profile learn by balanced classes, and open again', async () => {
    const files = await visit(async (opened) => {
      const profile = await Profile.open(await load(opened, {}, await nameless()), 'ada', options);
      await profile.add(rows);
      const { metrics } = await profile.learn({ args: { max_steps: 1, classWeights: 'balanced' } });
      expect(metrics.loss_before).toBeGreaterThan(0);
      expect(await aboutOf(profile)).toMatchObject({ labels: names });
      return profile.export();
    });
    await visit(async (opened) => {
      const base = await load(opened, {}, await nameless());
      const about = JSON.parse((await files.get('profile.json')?.text()) ?? '');
      // Earlier versions stored no names.
      const earlier = new Map([...files, ['profile.json', new Blob([JSON.stringify({ ...about, labels: [] })])]]);
      const profile = await Profile.import(base, earlier, 'earlier');
      expect(await aboutOf(profile)).toMatchObject({ labels: names });
    });
  });
});
