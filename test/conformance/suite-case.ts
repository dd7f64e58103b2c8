/** A case of a public suite as data: its shape, checked on reading. */
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { SmtpFacts } from '../../schemas/smtp.ts';

/** Record sets of a name by type; `ERROR` maps a type or `*` to a failure. */
export const SuiteZone = z.record(z.string(), z.record(z.string(), z.unknown()));
export type SuiteZone = z.infer<typeof SuiteZone>;

export const SuiteCase = z.object({
  id: z.string(),
  spec: z.array(z.string()),
  note: z.string(),
  message: z.string().nullable(),
  smtp: SmtpFacts,
  now: z.union([z.string(), z.number()]).optional(),
  minimumRsaBits: z.number().optional(),
  zone: SuiteZone,
  given: z
    .object({ authorDomain: z.string(), spfPassDomain: z.string().nullable(), dkimPassDomain: z.string().nullable() })
    .optional(),
  expect: z.strictObject({
    spf: z.array(z.string()).optional(),
    explanation: z.string().nullable().optional(),
    arc: z.array(z.string()).optional(),
    dkim: z.array(z.array(z.string())).optional(),
    dkimAt: z.object({ index: z.number(), pass: z.boolean() }).optional(),
    noDkimPass: z.boolean().optional(),
    dmarc: z.string().optional(),
    spfAligned: z.boolean().optional(),
    dkimAligned: z.boolean().optional(),
    organizationalDomain: z.string().optional(),
    treeWalk: z.array(z.string()).optional(),
  }),
});
export type SuiteCase = z.infer<typeof SuiteCase>;

/** Reads a suite: one JSON object a line. */
export const readSuite = (file: string): SuiteCase[] =>
  readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => SuiteCase.parse(JSON.parse(line)));
