// Defects that `npm run test:mutations` puts into the code one by one, each of a different kind. Tests should find all of them.

/** @typedef {{ name: string, file: string, from: string, to: string }} Break */

/** @type {readonly Break[]} */
export const BREAKS = [
  {
    name: 'a sign in a backward kernel',
    file: 'shaders/activations/swiglu_backward.wgsl',
    from: '(1.0 + z * (1.0 - s))',
    to: '(1.0 - z * (1.0 - s))',
  },
  {
    name: 'an off-by-one in a mask',
    file: 'src/ops/attention/attention_spans.ts',
    from: 'spans[2 * n] = begin;',
    to: 'spans[2 * n] = begin + 1;',
  },
  {
    name: 'a wrong name of a tensor',
    file: 'src/models/decoders/gpt2.ts',
    from: "gpt2(config)('transformer')",
    to: "gpt2(config)('transformers')",
  },
  {
    name: 'a bias correction left out of AdamW',
    file: 'shaders/optimizer/adamw.wgsl',
    from: 'let step_size = learning_rate / block.bias_correction1;',
    to: 'let step_size = learning_rate;',
  },
  {
    name: 'a learning rate one step late',
    file: 'src/train/steps/schedule.ts',
    from: 'if (step < warmup) return step / Math.max(1, warmup);',
    to: 'if (step < warmup) return (step + 1) / Math.max(1, warmup);',
  },
  {
    name: 'a lock not taken',
    file: 'src/core/locks/tab_locks.ts',
    from: 'const lock = this.#prefix + name;',
    to: 'const lock = this.#prefix + name + Math.random();',
  },
  {
    name: 'a promise not rejected',
    file: 'src/page/rpc/connection.ts',
    from: "if (!watch.signal.aborted) host.onDeath(crashed('it has ended', RESTARTED));",
    to: 'if (!watch.signal.aborted) look();',
  },
  {
    name: 'a hash not compared',
    file: 'src/hub/checked.ts',
    from: 'if (actual === expected) return;',
    to: 'if (actual.length > 0) return;',
  },
  {
    name: 'a policy of another name',
    file: 'src/page/rpc/worker_address.ts',
    from: "trustedTypes.createPolicy('webvera', {",
    to: "trustedTypes.createPolicy('webvera2', {",
  },
  {
    name: 'a code packed in the wrong half of its byte',
    file: 'src/core/numbers/packed.ts',
    from: '(code << (column & 4))',
    to: '(code << (4 - (column & 4)))',
  },
  {
    name: 'a checkpoint at another step',
    file: 'src/train/saving/saving.ts',
    from: 'step % save_steps === 0 : endsEpoch',
    to: 'step % save_steps === 1 : endsEpoch',
  },
  {
    name: 'a rotation whose gradient turns on',
    file: 'src/ops/rope.ts',
    from: 'emitRope(g, inputs, given, -1)',
    to: 'emitRope(g, inputs, given, 1)',
  },
];
