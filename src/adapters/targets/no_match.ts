import { WebVeraError } from '../../core/errors/error';
import type { AdapterFields } from '../config/adapter_config';

/** The facts for PEFT's error message about an adapter that wraps no modules. */
interface Unmatched {
  /** The configuration with resolved targets, because PEFT resolves `target_modules` before it fails. */
  readonly config: Pick<AdapterFields, 'target_modules' | 'layers_to_transform' | 'layers_pattern'>;
  /** The number of modules that `exclude_modules` and `modules_to_save` match. */
  readonly excluded: number;
  /** The number of all modules. */
  readonly all: number;
}

/** Returns an error with the message of `NoMatchingPeftModuleError` in PEFT 0.21 and later. */
export function noMatch({ config, excluded, all }: Unmatched, hint: string): WebVeraError {
  const { target_modules } = config;
  const text = (): string => {
    if (excluded > 0) return excluded === all ? ALL_EXCLUDED : `${SOME_EXCLUDED}${notes(config)}`;
    if (target_modules === null || target_modules.length === 0) return NONE_PASSED;
    const targets = typeof target_modules === 'string' ? target_modules : pythonSet(target_modules);
    return `Target modules ${targets} not found in the base model. Please check the target modules and try again.${notes(config)}`;
  };
  return new WebVeraError('invalid_argument', text(), { hint, detail: { target_modules } });
}

function notes({ layers_to_transform: layers = null, layers_pattern: pattern = null }: Unmatched['config']): string {
  return [
    ...(layers === null ? [] : [` Note: You specified 'layers_to_transform': ${pythonList(layers)}.`]),
    ...(pattern === null ? [] : [` You also specified 'layers_pattern': ${pythonList(pattern)}.`]),
  ].join('');
}

export function pythonList(value: string | number | readonly (string | number)[]): string {
  if (typeof value === 'string' || typeof value === 'number') return String(value);
  return `[${value.map((item) => (typeof item === 'string' ? pythonString(item) : item)).join(', ')}]`;
}

/** Formats a set as Python prints it, but sorted, because Python's order differs between processes. */
export function pythonSet(names: readonly string[]): string {
  return `{${[...names].sort().map(pythonString).join(', ')}}`;
}

/** The escape sequences for the backslash and common control characters in Python's string literals. */
const ESCAPES: Readonly<Record<string, string>> = { '\\': '\\\\', '\n': '\\n', '\r': '\\r', '\t': '\\t' };

function pythonString(text: string): string {
  const escaped = text.replace(
    /[\\\p{Cc}]/gu,
    (sign) => ESCAPES[sign] ?? `\\x${sign.charCodeAt(0).toString(16).padStart(2, '0')}`,
  );
  if (!escaped.includes("'")) return `'${escaped}'`;
  return escaped.includes('"') ? `'${escaped.replaceAll("'", "\\'")}'` : `"${escaped}"`;
}

const ALL_EXCLUDED =
  'All modules were excluded. This is likely unintended. Check your `target_modules`, `exclude_modules` and ' +
  '`modules_to_save` configuration.';
const SOME_EXCLUDED =
  'No modules were targeted for adaptation. This might be caused by a combination of mismatched target modules and ' +
  'excluded modules. Please check your `target_modules` and `exclude_modules` configuration. You may also have only ' +
  'targeted modules that are marked to be saved (`modules_to_save`).';
const NONE_PASSED =
  'No `target_modules` passed but also no `target_parameters` found. Please check the values for these arguments.';
