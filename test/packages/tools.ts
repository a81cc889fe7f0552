import { type ChildProcess, spawn } from 'node:child_process';
import { cpSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { MODEL_ADDRESS, MODEL_PACKAGE } from '../../scripts/model/model_package.mjs';
import { inRepository } from '../../scripts/shared/paths.mjs';
import { kill, onExit } from '../../scripts/shared/processes.mjs';
import type { Project } from './project';

const CREATE_VITE = ['create-vite@9.3.0', '.', '--template', 'vanilla-ts', '--no-interactive', '--overwrite'];

/** Creates a project with `npm create vite`. */
export async function createVite(project: Project): Promise<void> {
  await project.npm('exec', '--yes', '--prefer-offline', '--', ...CREATE_VITE);
  // Pins these versions, because the template accepts later ones, whose builds may differ.
  const { devDependencies } = JSON.parse(readFileSync(inRepository('package.json'), 'utf8'));
  const versions = ['vite', 'typescript'].map((name) => `devDependencies.${name}=${devDependencies[name]}`);
  await project.npm('pkg', 'set', ...versions);
}

export const VITE = 'node_modules/vite/bin/vite.js';
export const NEXT = 'node_modules/next/dist/bin/next';
export const NEXT_PACKAGES = ['next@16.4.6', 'react@19.3.1', 'react-dom@19.3.1'] as const;
export const NEXT_LAYOUT = `export default function Layout({ children }) {
  return <html lang="en"><body>{children}</body></html>;
}
`;

export interface Started {
  readonly child: ChildProcess;
  readonly url: string;
}

/** Starts a server that prints its address. Colours are off, because Vite would print some within the address. */
export async function started(cwd: string, ...args: readonly string[]): Promise<Started> {
  const env = { ...process.env, NO_COLOR: '1', FORCE_COLOR: undefined };
  const child = spawn(process.execPath, [...args], { cwd, env, detached: true, stdio: ['ignore', 'pipe', 'inherit'] });
  const stop = onExit(() => kill(child));
  child.on('exit', stop);
  for await (const line of createInterface(child.stdout)) {
    const [url] = /http:\/\/127\.0\.0\.1:\d+/.exec(line) ?? [];
    if (url !== undefined) return { child, url };
  }
  throw new Error(`${args[0]} did not start`);
}

/**
 * Serves the small model's package from the project's own server instead of the CDN. In the built scripts, the path on
 * that server replaces the CDN's address.
 */
export function serveModel(project: Project, { scripts, root }: { readonly scripts: string; readonly root: string }) {
  const at = (...names: readonly string[]): string => join(project.folder, ...names);
  cpSync(at('node_modules', MODEL_PACKAGE), at(root, 'small'), { recursive: true });
  const naming = readdirSync(at(scripts), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.js'))
    .filter((name) => readFileSync(at(scripts, name), 'utf8').includes(MODEL_ADDRESS));
  if (naming.length === 0) throw new Error(`no script in ${scripts} names ${MODEL_ADDRESS}`);
  for (const name of naming) {
    const text = readFileSync(at(scripts, name), 'utf8');
    writeFileSync(at(scripts, name), text.replaceAll(MODEL_ADDRESS, '/small/'));
  }
}
