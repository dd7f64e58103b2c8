/**
 * Checks reports against their schemas with xmllint: that of RFC 9990 where the machine has it, and
 * that of RFC 7489 appendix C as this folder tells it.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { ReportSettings } from '../../../schemas/settings/reports.ts';

const SCHEMAS: Readonly<Record<ReportSettings['reportFormat'], string>> = {
  rfc9990: fileURLToPath(new URL('../../../../shared/reports/dmarc-2.0.xsd', import.meta.url)),
  rfc7489: fileURLToPath(new URL('rfc7489.xsd', import.meta.url)),
};

const hasXmllint = spawnSync('xmllint', ['--version']).error === undefined;

/** Why a format cannot be checked on this machine; false where it can. */
export const cannotCheck = (format: ReportSettings['reportFormat']): string | false => {
  if (!hasXmllint) return 'xmllint is not installed';
  return existsSync(SCHEMAS[format]) ? false : `${SCHEMAS[format]} is not there`;
};

/** Asserts that a report follows its schema; without xmllint or schema it asserts nothing. */
export const assertValid = (report: string, format: ReportSettings['reportFormat']): void => {
  if (cannotCheck(format) !== false) return;
  const { status, stderr } = spawnSync('xmllint', ['--noout', '--nonet', '--huge', '--schema', SCHEMAS[format], '-'], {
    input: report,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  assert.equal(status, 0, `${stderr.slice(0, 2000)}\n${report.slice(0, 5000)}`);
};
