import { readdirSync, readFileSync } from 'node:fs';
import { afterAll, describe, expect, test } from 'vitest';
import { AutoModelForCausalLM, VeraModel } from '../../../src/index';
import { comparableConfig, folderFiles, goldenBase, largestDifference } from '../../helpers/golden/golden';
import { tensorsIn } from '../../helpers/models/vera_values';
import { bytesOf, openTestSession } from '../../helpers/session/session';

/** The adapters that `test/oracle/cases/releases.py` wrote with one release of PEFT, and the input of their logits. */
interface Release {
  readonly versions: { readonly peft: string };
  readonly base: string;
  readonly input_ids: readonly (readonly number[])[];
  readonly adapters: readonly string[];
}

const root = new URL('../../golden/releases/', import.meta.url);
const releases = readdirSync(root);
/** The smallest logit tolerance of the golden cases. Their logits are at least as large as those of this base model. */
const TOLERANCE = 2e-4;
/** The minor version of the first PEFT release that saves trained biases: 0.21. */
const BIASES_SINCE = 21;

const opened = await openTestSession();
afterAll(() => opened.session.close());
const base = await AutoModelForCausalLM.from_pretrained(goldenBase('base/opt'), { session: opened.session });

test('there are files of every release since 0.11', () => {
  expect(releases.map((release) => Number(release.split('.')[1])).toSorted((a, b) => a - b)).toEqual(
    Array.from({ length: releases.length }, (_, index) => 11 + index),
  );
});

describe.each(releases)('PEFT %s', (release) => {
  const folder = new URL(`${release}/`, root);
  const { versions, input_ids, adapters, ...rest }: Release = JSON.parse(
    readFileSync(new URL('release.json', folder), 'utf8'),
  );
  const expected = tensorsIn(new Uint8Array(readFileSync(new URL('logits.safetensors', folder))));

  test('wrote these files, over this base model', () => {
    expect([versions.peft, rest.base]).toEqual([release, 'base/opt']);
    expect(adapters).toEqual(['saved', 'drawn', 'bias']);
  });

  test.each(adapters)('%s gives its logits, and is written again as it was', async (name) => {
    const theirs = folderFiles(new URL(`${name}/`, folder));
    opened.warnings.splice(0);
    const vera = await VeraModel.from_pretrained(base, theirs);
    const lacksBiases = name === 'bias' && Number(release.split('.')[1]) < BIASES_SINCE;
    expect(opened.warnings.includes('missing_biases')).toBe(lacksBiases);
    expect(opened.warnings.includes('projection_drawn')).toBe(name === 'drawn');

    const { logits } = await vera.forward({ input_ids });
    expect(largestDifference(logits.data, expected.get(name)!.data)).toBeLessThanOrEqual(TOLERANCE);
    const plain = await base.forward({ input_ids });
    expect(largestDifference(logits.data, plain.logits.data)).toBeGreaterThan(100 * TOLERANCE);

    const ours = await vera.save_pretrained();
    const [before, after] = await Promise.all(
      [theirs.files.get('adapter_model.safetensors')!, ours['adapter_model.safetensors']].map(bytesOf),
    );
    // Biases that a file lacks are taken from the base model, and saved with the other tensors.
    const added = [...tensorsIn(after!).keys()].filter((key) => !tensorsIn(before!).has(key));
    expect(added.every((key) => lacksBiases && key.endsWith('.base_layer.bias'))).toBe(true);
    if (!lacksBiases) expect(after).toEqual(before);
    const config = (text: string) => comparableConfig(text) as Record<string, unknown>;
    const [read, written] = [theirs.files.get('adapter_config.json')!, ours['adapter_config.json']];
    expect(config(await written.text())).toMatchObject(config(await read.text()));
  });
});
