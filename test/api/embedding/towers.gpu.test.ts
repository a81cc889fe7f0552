import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { bytesOf } from '../../../src/core/input/bytes';
import { readSafetensors, writeSafetensors } from '../../../src/formats/tensors/safetensors';
import { AutoModel, AutoModelForImageClassification, Profile } from '../../../src/index';
import { drawn, id2label } from '../../helpers/bytes/drawn_images';
import { goldenBase, goldenCase } from '../../helpers/golden/golden';
import { within } from '../../helpers/session/session';

type Vectors = readonly (readonly number[])[];

interface Row {
  readonly base: string;
  readonly projection?: readonly number[];
  readonly features: Vectors;
  readonly pooled?: Vectors;
}

const { rows }: { readonly rows: readonly Row[] } = JSON.parse(readFileSync('test/golden/image_features.json', 'utf8'));
const [clip, siglip] = rows as [Row & Required<Pick<Row, 'projection' | 'pooled'>>, Row];

type Config = Readonly<Record<string, unknown>> & { readonly vision_config: object };

/** The golden values are rounded to seven digits: an error of at most 5e-6, because they are below 100. */
const TOLERANCE = 1e-5;

function expectVectors(actual: readonly Float32Array[], expected: Vectors): void {
  expect(actual.map(({ length }) => length)).toEqual(expected.map(({ length }) => length));
  for (const [row, vector] of expected.entries()) {
    const differences = vector.map((number, index) => Math.abs(number - actual[row]![index]!));
    expect(Math.max(...differences), `vector ${row}`).toBeLessThan(TOLERANCE);
  }
}

const { dims, data } = goldenCase('clip_mid').inputs.batch.pixel_values!;
const images = Array.from({ length: dims[0]! }, (_, row) => {
  const size = data.length / dims[0]!;
  return { pixel_values: { dims: dims.slice(1), data: data.slice(row * size, (row + 1) * size) } };
});

/** Returns a base model's folder as public ones of both towers are: without a classifier, and with tensors for texts. */
async function publicFolder({ base, projection }: Row, change = (config: Config): object => config) {
  const { files } = goldenBase(`base/${base}`);
  const weights = readSafetensors(new Uint8Array(await files.get('model.safetensors')!.arrayBuffer()));
  const tensors = new Map([...weights.tensors].filter(([name]) => name.startsWith('vision_model.')));
  const f32 = (name: string, shape: readonly number[], numbers: readonly number[]) =>
    tensors.set(name, { dtype: 'F32', shape, bytes: bytesOf(Float32Array.from(numbers)) });
  f32('logit_scale', [], [4.6]);
  f32('text_model.final_layer_norm.weight', [16], Array(16).fill(1));
  if (projection) f32('visual_projection.weight', [projection.length / 32, 32], projection);
  const { id2label: _id, label2id: _label, ...config } = JSON.parse(await files.get('config.json')!.text());
  const architectures = [base === 'clip' ? 'CLIPModel' : 'SiglipModel'];
  files.set('config.json', new Blob([JSON.stringify(change({ ...config, architectures, projection_dim: 12 }))]));
  files.set('model.safetensors', new Blob([writeSafetensors(tensors)]));
  return { files };
}

describe.each([clip, siglip])('$base: a folder of both towers', (row) => {
  test("embeds images as transformers' get_image_features does", () =>
    within({}, async ({ session }) => {
      const model = await AutoModel.from_pretrained(await publicFolder(row), { session });
      expectVectors(await model.embed(images), row.features);
      expect(model.named_modules().map(({ name }) => name)).toContain('vision_model.encoder.layers.0.self_attn.q_proj');
      const again = await AutoModel.from_pretrained({ files: await model.export_model() }, { session });
      expect(await again.embed(images)).toEqual(await model.embed(images));
      const [mean] = await model.embed(images, { pooling: 'mean', normalize: true });
      expect(mean).toHaveLength(32);
    }));

  test('gets an instant head for pictures', () =>
    within({ store: 'auto' }, async ({ session }) => {
      const base = await AutoModelForImageClassification.from_pretrained(await publicFolder(row), {
        session,
        id2label,
      });
      expectVectors(await base.embed(images), row.pooled ?? row.features);
      const profile = await Profile.open(base, 'ada', { peft_config: { r: 8 } });
      for (const first of [0, 3, 6]) {
        await profile.add({ image: drawn('stripes', first), label: 'stripes' });
        await profile.add({ image: drawn('squares', first), label: 'squares' });
      }
      await profile.learn({ method: 'instant' });
      const of = async (kind: 'stripes' | 'squares') => (await profile.predict(drawn(kind, 5)))[0]?.label;
      expect([await of('stripes'), await of('squares')]).toEqual(['stripes', 'squares']);
    }));
});

test('the tower for images alone makes vectors, and has no classifier', () =>
  within({}, async ({ session }) => {
    const alone = await publicFolder(clip, ({ vision_config }) => vision_config);
    expectVectors(await (await AutoModel.from_pretrained(alone, { session })).embed(images), clip.pooled);
    await expect(AutoModelForImageClassification.from_pretrained(alone, { session })).rejects.toMatchObject({
      code: 'unsupported_model',
      message: 'AutoModelForImageClassification: expected a model for that, got model_type clip_vision_model',
    });
  }));

test('a SigLIP without its head embeds images by the mean of their patches', () =>
  within({}, async ({ session }) => {
    const folder = await publicFolder(siglip, ({ vision_config, ...config }) => ({
      ...config,
      vision_config: { ...vision_config, vision_use_head: false },
    }));
    const model = await AutoModel.from_pretrained(folder, { session });
    expect(await model.embed(images)).toEqual(await model.embed(images, { pooling: 'mean' }));
  }));
