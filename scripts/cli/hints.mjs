// The library's hints name options of its functions. This table replaces them by the options of the command.

/** @type {readonly [string, string][]} */
const WORDS = [
  ['pass `token: () => …` with your token', 'set the environment variable HF_TOKEN to your token'],
  ['needs `token: () => …` with your token', 'needs the environment variable HF_TOKEN with your token'],
  [
    "the names of the repository and the revision. Write your own folder as './folder/', and an adapter saved in this browser as { id: 'name' }.",
    'the name of the repository.',
  ],
  [
    "If this isn't a model of the hub: your own folder is written './folder/', and an adapter saved in this browser { id: 'name' }.",
    'If you meant a folder on this machine: there is none of this name.',
  ],
  ['A GGUF file is named by gguf_file.', 'Name a GGUF file by its path, or as org/name/file.gguf.'],
  [
    'raise the limit in SessionOptions.limits.',
    'open it in a program of your own that raises the limit in SessionOptions.limits: the command has no option for it.',
  ],
  [
    'raise `tokenizer` in SessionOptions.limits.',
    'open it in a program of your own that raises `tokenizer` in SessionOptions.limits: the command has no option for it.',
  ],
  [
    'delete its cached files with models.clear_cache(source).',
    'delete the files in the folder that WEBVERA_CACHE names.',
  ],
];

/** Rewrites a hint of the library for users of the command. @param {string} hint */
export function commandHint(hint) {
  return WORDS.reduce((text, [own, words]) => text.replace(own, words), hint);
}
