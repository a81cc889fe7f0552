// Reads the options of `npm run finetune`.
import { basename, resolve } from 'node:path';
import { choice, readFlags } from '../shared/options.mjs';
import { inRepository } from '../shared/paths.mjs';
import { readExport } from './export.mjs';
import { modelAt } from './inputs.mjs';
import { kernelsOf, readEstimate, readSettings, SETTING_FLAGS, settingHelp } from './settings.mjs';

const bundled = (/** @type {string} */ path) => inRepository(`demo/public/${path}`);
const LINEARS = ['q_proj', 'k_proj', 'v_proj', 'o_proj', 'gate_proj', 'up_proj', 'down_proj'];

/** The options, with absolute paths. @typedef {Exclude<ReturnType<typeof readFinetuneOptions>, 'help'>} FinetuneOptions */

export const HELP = `Fine-tunes a language model on a text, in a headless browser on this machine.

  npm run finetune -- [options]

  --text FILE            plain text, UTF-8             (chapters 96–135 of Moby-Dick)
  --model DIR            config.json, model.safetensors or its shards, tokenizer.json;
                         or a GGUF file
                                                       (the bundled prose-1.4M)
  --out DIR              where the results go          (out)
${settingHelp({
  targets: 'all seven linear layers',
  device: '  --browser NAME         chrome or firefox             (chrome)',
})}`;

const FLAGS = /** @type {const} */ ({
  text: { type: 'string', default: bundled('text/moby-dick.txt') },
  model: { type: 'string', default: bundled('models/prose-1.4M') },
  out: { type: 'string', default: 'out' },
  target_modules: { type: 'string', default: LINEARS.join(',') },
  browser: { type: 'string', default: 'chrome' },
  ...SETTING_FLAGS,
  help: { type: 'boolean' },
});

/**
 * @param {readonly string[]} argv
 * @throws {import('../shared/options.mjs').UsageError}
 */
export function readFinetuneOptions(argv) {
  const flags = readFlags(argv, FLAGS);
  if (flags.help) return /** @type {const} */ ('help');
  // npm runs scripts in the package's folder, but paths are relative to the folder in which the user typed the command.
  const path = (/** @type {unknown} */ value) => resolve(process.env.INIT_CWD ?? process.cwd(), String(value));
  const [text, out] = [path(flags.text), path(flags.out)];
  const model = modelAt(path(flags.model));
  const settings = readSettings(flags, { model: model.gguf_file ?? basename(model.folder), text: basename(text) });
  return {
    text,
    model,
    out,
    exporting: readExport(flags, settings.max_steps, path),
    kernels: kernelsOf(flags.kernels, path),
    browser: choice('browser', flags.browser, /** @type {const} */ (['chrome', 'firefox'])),
    estimating: readEstimate(flags),
    settings,
  };
}
