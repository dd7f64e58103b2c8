/**
 * Version of this software, from package.json: one level up from the source, two from the build.
 */
import { existsSync, readFileSync } from 'node:fs';

const manifest = ['../package.json', '../../package.json']
  .map((path) => new URL(path, import.meta.url))
  .find((url) => existsSync(url));

/** Version as in package.json. */
export const version: string = manifest === undefined ? '0.0.0' : JSON.parse(readFileSync(manifest, 'utf8')).version;
