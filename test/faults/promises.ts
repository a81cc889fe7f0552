/** A test: its file, and a part of its title. */
export type Proof = readonly [file: string, title?: string];

/** The library's promises, each with the tests that prove it. */
export const promises: Readonly<Record<string, readonly Proof[]>> = {
  'a saved step is never lost to a crash': [
    ['browser/runs/resume', 'killed while it trains loses no step that was saved'],
  ],
  'a checkpoint is whole or absent': [
    ['formats/checkpoint', 'cut off or changed anywhere is refused'],
    ['store/checkpoint_store', 'if one is damaged, the one before it remains'],
  ],
  'a lost GPU is survived': [
    ['api/runs/recovery.gpu', 'resumes by itself from its last checkpoint'],
    ['browser/runs/resume', 'a GPU process that crashes costs the steps since the last checkpoint'],
  ],
  'a browser that refuses the GPU is explained, not hung': [
    ['browser/runs/resume', 'a GPU that crashes twice is kept from the page'],
    ['page/training/run_recovery', 'waits while the GPU is blocked'],
  ],
  'work done after a loss is never reported': [
    ['api/runs/recovery.gpu', 'reports no step whose result came after the loss'],
  ],
  'a worker that is dead or stuck is noticed within five seconds': [
    ['browser/runs/failures', 'a worker that dies while it trains costs nothing but time'],
    ['page/rpc/restart', 'rejects pending calls within five seconds'],
  ],
  'a full disk costs checkpoints, not work': [
    ['browser/runs/resume', 'a full disk costs the checkpoints, not the run'],
  ],
  'an interrupted download resumes, and is never mixed with another file': [
    ['hub/download', 'a download resumes'],
    ['hub/download', 'where the ETag is another one'],
    ['worker/storage/cached_folder', 'resumes an interrupted download in a later visit'],
    ['browser/runs/kept', 'a download that is killed resumes in the next visit, and is then cached'],
  ],
  'a damaged copy of a model is repaired or reported, and never used': [
    ['worker/storage/cached_folder', 'is repaired from the server, and never read'],
    ['worker/storage/cached_folder', 'is reported if no server may be asked'],
  ],
  'a full disk costs the copy, not the model': [
    ['worker/storage/cached_folder', 'the model is loaded with a warning, and the remaining room stays free'],
    ['browser/runs/kept', 'a full disk costs the copy, not the model'],
    ['store/opfs_files', 'are full if a write reports %i bytes'],
  ],
  'cancelling works everywhere, within a second, and leaves nothing': [
    ['api/runs/cancel_anywhere.gpu', 'rejects within a second, and leaves nothing'],
    ['api/runs/cancelled.gpu', 'takes effect, or leaves everything as it was'],
    ['page/training/run_recovery', 'ends at once when the run is aborted'],
  ],
  'two tabs never train or write the same adapter': [['browser/runs/two_tabs.all']],
  'a hidden, frozen or closing tab loses nothing that was saved': [
    ['page/training/trainer_page', 'saves when the page is hidden, frozen or left'],
    ['page/training/trainer_page', 'checks that it still holds its lock when a frozen page continues'],
  ],
  'a number that is not finite never reaches a saved adapter': [
    ['api/runs/numerical.gpu'],
    ['api/runs/numerical_failures.gpu'],
  ],
  'a hostile safetensors file can do no harm': [['formats/tensors/safetensors', 'what the reference rejects']],
  'a hostile tokenizer can not hang the worker': [['tokenizer/hostile_tokenizers', 'within a second']],
  'values of a configuration change neither shaders nor objects': [
    ['contract', 'shaders are joined whole files'],
    ['formats/json', 'takes __proto__ for a key like any other'],
  ],
  'nothing leaves the browser while it trains': [
    ['browser/policies/csp', 'trains under the strict policies without any request'],
    ['browser/policies/sealed', 'nothing in its worker reaches the network'],
  ],
  'it works under strict policies': [['browser/policies/csp', 'strict policies']],
  'what strangers write is only ever text': [['browser/embed/embed_hostile', 'is never HTML']],
  'it works with less, and says what is missing': [['browser/policies/degraded', 'train in memory and say so']],
  'nothing grows over time': [['browser/runs/cycles.all', 'a model that comes and goes leaves nothing behind']],
  'files are those of PEFT': [['api/golden.gpu']],
  'the same seed on the same machine gives the same bytes': [['api/runs/resume.gpu']],
  'shaders are valid for every engine at hand': [['naga'], ['tint.gpu']],
  'the page stays responsive': [['browser/demo/responsive.clock']],
};
