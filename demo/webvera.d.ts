/**
 * The types behind the alias of vite.config.ts: the demo is written as any page would be, and typed by the source as it
 * stands, also where nothing has been built yet. Names that the demo uses, and no more.
 */
declare module 'webvera' {
  type Library = typeof import('../src/index');
  export const adapters: Library['adapters'];
  export const AutoModelForCausalLM: Library['AutoModelForCausalLM'];
  export const get_peft_model: Library['get_peft_model'];
  export const Session: Library['Session'];
  export const Trainer: Library['Trainer'];
  export const VeraConfig: Library['VeraConfig'];
  export const VeraModel: Library['VeraModel'];
  export const WebVeraError: Library['WebVeraError'];

  export type AdapterFiles = import('../src/index').AdapterFiles;
  export type AdapterInfo = import('../src/index').AdapterInfo;
  export type ModelSource = import('../src/index').ModelSource;
  export type PreTrainedModel = import('../src/index').PreTrainedModel;
  export type ProgressInfo = import('../src/index').ProgressInfo;
  export type Session = import('../src/index').Session;
  export type StepLogs = import('../src/index').StepLogs;
  export type TrainingArguments = import('../src/index').TrainingArguments;
  export type TrainOutput = import('../src/index').TrainOutput;
  export type TrainRun = import('../src/index').TrainRun;
  export type VeraConfig = import('../src/index').VeraConfig;
  export type VeraModel = import('../src/index').VeraModel;
  export type WebVeraError = import('../src/index').WebVeraError;
}
