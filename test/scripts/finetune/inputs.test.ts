import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { checkModel, readText } from '../../../scripts/finetune/inputs.mjs';
import { splitText } from '../../../scripts/finetune/split_text.mjs';

test.each([
  ['Windows', '\r\n'],
  ['old Macs', '\r'],
])('a text with the ends of lines of %s is split and counted as the library reads it', (_, end) => {
  const folder = mkdtempSync(join(tmpdir(), 'webvera-test-'));
  try {
    const lines = Array.from({ length: 300 }, (_, i) => `Paragraph ${i} has some words.`);
    const file = join(folder, 'text.txt');
    writeFileSync(file, lines.join(end + end));
    const text = readText(file);
    expect(text).toBe(lines.join('\n\n'));
    expect(splitText(text).heldOut).toMatch(/^Paragraph \d+ has/);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test.each([
  [['model.safetensors'], undefined],
  [['model.safetensors.index.json'], undefined],
  [['pytorch_model.bin'], undefined],
  [['pytorch_model.bin.index.json'], undefined],
  [[], /has no model\.safetensors$/],
  [['small.gguf'], /has no model\.safetensors\. Or name the GGUF file: --model .*small\.gguf$/],
])('a folder with %j is checked as the library reads it', (names, message) => {
  const folder = mkdtempSync(join(tmpdir(), 'webvera-test-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  for (const name of ['config.json', 'tokenizer.json', ...names]) writeFileSync(join(folder, name), '{}');
  const check = () => checkModel({ folder });
  if (message === undefined) expect(check).not.toThrow();
  else expect(check).toThrow(message);
});
