// Runs API Extractor, which writes the types of one entry point of the package into one file, or reports its public API.
import { Extractor, ExtractorConfig } from '@microsoft/api-extractor';
import { ROOT } from '../shared/paths.mjs';

const root = ROOT.replace(/\/$/, '');

/** Names in public types that aren't exported, because no user needs them: the base class of models, and the symbol of `await using`. */
const UNNAMED = /"(RemoteModel|asyncDispose)"/;

/** @typedef {import('@microsoft/api-extractor').ExtractorLogLevel} LogLevel */
const level = (/** @type {'none' | 'warning'} */ name) => /** @type {LogLevel} */ (name);

/**
 * @param {string} entry a d.ts file
 * @param {Pick<import('@microsoft/api-extractor').IConfigFile, 'dtsRollup' | 'apiReport'>} wanted
 * @returns {string[]} complaints
 */
export function invokeExtractor(entry, wanted) {
  /** @type {string[]} */
  const complaints = [];
  const config = ExtractorConfig.prepare({
    packageJsonFullPath: `${root}/package.json`,
    configObjectFullPath: undefined,
    configObject: {
      projectFolder: root,
      mainEntryPointFilePath: entry,
      newlineKind: 'lf',
      compiler: {
        overrideTsconfig: {
          compilerOptions: {
            target: 'es2022',
            module: 'esnext',
            moduleResolution: 'bundler',
            lib: ['es2023', 'esnext.disposable', 'dom', 'dom.asynciterable'],
            types: [],
            strict: true,
            skipLibCheck: true,
          },
          files: [entry],
        },
      },
      docModel: { enabled: false },
      tsdocMetadata: { enabled: false },
      ...wanted,
      messages: {
        // Comments needn't follow TSDoc or have release tags: all exports are public.
        tsdocMessageReporting: { default: { logLevel: level('none') } },
        extractorMessageReporting: {
          default: { logLevel: level('warning') },
          'ae-missing-release-tag': { logLevel: level('none') },
          'ae-undocumented': { logLevel: level('none') },
        },
      },
    },
  });
  Extractor.invoke(config, {
    messageCallback(message) {
      message.handled = true;
      // Console messages are about the report files, which `checkApiReports` compares itself.
      if (message.category === 'console' || UNNAMED.test(message.text)) return;
      if (message.logLevel !== 'error' && message.logLevel !== 'warning') return;
      complaints.push(message.formatMessageWithLocation(root));
    },
  });
  return complaints;
}
