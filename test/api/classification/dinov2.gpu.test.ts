import { expect, test } from 'vitest';
import { AutoModel, AutoModelForImageClassification, type ImagePreview, Profile } from '../../../src/index';
import { drawn, id2label } from '../../helpers/bytes/drawn_images';
import { goldenBase } from '../../helpers/golden/golden';
import { within } from '../../helpers/session/session';

test.each(['dinov2', 'dinov2-registers'])(
  '%s: a folder without a head gets an instant one, for images of any size',
  (name) =>
    within({ store: 'auto' }, async ({ session }) => {
      // The exported folder has tensors without the prefix 'dinov2.', as facebook/dinov2-small's.
      const network = await AutoModel.from_pretrained(goldenBase(`base/${name}`), { session });
      const files = await network.export_model();
      expect([...files.keys()]).toContain('preprocessor_config.json');
      const base = await AutoModelForImageClassification.from_pretrained({ files }, { session, id2label });
      const image = drawn('stripes', 1);
      const { pixel_values } = (await base.preview({ image })) as ImagePreview;
      expect(pixel_values.dims).toEqual([3, 16, 16]);
      expect(await base.predict({ pixel_values })).toEqual(await base.predict(image));
      expect(await base.embed([image])).toEqual(await network.embed([image]));
      const profile = await Profile.open(base, 'ada', { peft_config: { r: 8 } });
      for (const first of [0, 3, 6]) {
        await profile.add({ image: drawn('stripes', first), label: 'stripes' });
        await profile.add({ image: drawn('squares', first), label: 'squares' });
      }
      await profile.learn({ method: 'instant' });
      const [stripes, squares] = [
        await profile.predict(drawn('stripes', 5)),
        await profile.predict(drawn('squares', 5)),
      ];
      expect([stripes[0]?.label, squares[0]?.label]).toEqual(['stripes', 'squares']);
    }),
);
