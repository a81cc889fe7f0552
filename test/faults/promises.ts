/** A test, by its file and by words of its title. */
export type Proof = readonly [file: string, title?: string];

/** What is promised of faults, each with what is injected to prove it. */
export const promises: Readonly<Record<string, readonly Proof[]>> = {
  'a saved step is never lost to a crash': [
    ['browser/runs/resume', 'killed while it trains loses no step that was saved'],
  ],
  'a checkpoint is whole or absent': [
    ['formats/checkpoint', 'cut off or changed anywhere is refused'],
    ['store/checkpoint_store', 'of a damaged one, the one before it is left'],
  ],
  'a lost GPU is survived': [
    ['api/runs/recovery.gpu', 'goes on by itself from its last checkpoint'],
    ['browser/runs/resume', 'a GPU process that crashes costs the steps since the last checkpoint'],
  ],
  'a browser that refuses the GPU is explained, not hung': [
    ['browser/runs/resume', 'a GPU that crashes twice is kept from the page'],
    ['page/training/run_recovery', 'sits a block out'],
  ],
  'work done after a loss is never reported': [
    ['api/runs/recovery.gpu', 'tells no step whose outcome came after the loss'],
  ],
  'a worker that is dead or stuck is noticed within five seconds': [
    ['browser/runs/failures', 'a worker that dies while it trains costs nothing but time'],
    ['page/rpc/restart', 'has what is pending reject within five seconds'],
  ],
  'a full disk costs checkpoints, not work': [
    ['browser/runs/resume', 'a full disk costs the checkpoints, not the run'],
  ],
  'a download that is broken off goes on, and is never mixed': [
    ['hub/download', 'a download goes on'],
    ['hub/download', 'where the ETag is another one'],
    ['worker/storage/cached_folder', 'goes on where it broke off, in a later visit'],
    ['browser/runs/kept', 'a download that is killed goes on in the next visit, and is then kept'],
  ],
  'a damaged copy of a model is mended or told, and never used': [
    ['worker/storage/cached_folder', 'is mended from the server, and never read'],
    ['worker/storage/cached_folder', 'is told where nobody may be asked'],
  ],
  'a full disk costs the copy, not the model': [
    ['worker/storage/cached_folder', 'the model is loaded, a warning tells, and nothing takes up what room there is'],
    ['browser/runs/kept', 'a full disk costs the copy, not the model'],
    ['store/opfs_files', 'are full where a write tells of %i bytes'],
  ],
  'cancelling works everywhere, within a second, and leaves nothing': [
    ['api/runs/cancel_anywhere.gpu', 'rejects within a second, and leaves nothing'],
    ['api/runs/cancelled.gpu', 'is done, or leaves everything as it was'],
    ['page/training/run_recovery', 'ends at once when the run is aborted'],
  ],
  'two tabs never train or write the same adapter': [['browser/runs/two_tabs.all']],
  'a hidden, frozen or closing tab loses nothing that was saved': [
    ['page/training/trainer_page', 'is saved as the page is hidden, frozen and left'],
    ['page/training/trainer_page', 'looks whether it is still its own, as the page goes on that was frozen'],
  ],
  'a number that is not finite never reaches a saved adapter': [
    ['api/runs/numerical.gpu'],
    ['api/runs/numerical_failures.gpu'],
  ],
  'a hostile safetensors file can do no harm': [['formats/tensors/safetensors', 'what the reference rejects']],
  'a hostile tokenizer can not hang the worker': [['tokenizer/hostile_tokenizers', 'within a second']],
  'values of a configuration change neither shaders nor objects': [
    ['contract', 'shaders are whole files, joined'],
    ['formats/json', 'takes __proto__ for a key like any other'],
  ],
  'nothing leaves the browser while it trains': [
    ['browser/policies/csp', 'without a word to the network'],
    ['browser/policies/sealed', 'nothing in its worker reaches the network'],
  ],
  'it works under strict policies': [['browser/policies/csp', 'strict policies']],
  'what strangers write is only ever text': [['browser/embed/embed_hostile', 'is never HTML']],
  'it degrades honestly': [['browser/policies/degraded', 'train in memory and say so']],
  'nothing grows over time': [['browser/runs/cycles.all', 'a model that comes and goes leaves nothing behind']],
  'files are those of PEFT': [['api/golden.gpu']],
  'the same seed on the same machine gives the same bytes': [['api/runs/resume.gpu']],
  'shaders are valid for every engine at hand': [['naga'], ['tint.gpu']],
  'the page stays responsive': [['browser/demo/responsive.clock']],
};
