// The values that change from micro-step to micro-step. The host writes them before each submit; src/train/steps/step_block.ts packs it.
struct StepBlock {
  step: u32,             // optimiser steps, from 1
  micro_step: u32,       // micro-batch within the step, from 0
  labelled: u32,         // rows with a label in this micro-batch
  unused: u32,
  learning_rate: f32,
  inverse_tokens: f32,   // 1 / labelled tokens of the whole step
  bias_correction1: f32, // 1 − β₁^step
  bias_correction2: f32, // 1 − β₂^step
}
