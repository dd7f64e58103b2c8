/**
 * What forbids a signature field to be evaluated, as a table in the order in which it is reported:
 * RFC 6376 sections 3.5, 5.4 and 6.1.1, RFC 8617 section 4.1. "Implementers MUST meticulously
 * validate the format and values" (section 6.1.1). Let through against the grammar, because it
 * changes nothing that is signed: an empty name between two colons of h=.
 */
import type { ReachedLimit } from '../../../schemas/limit.ts';
import { isSelector, isWithin } from '../signing-name.ts';
import { type Canonicalization, type FieldKind, MAX_SIGNED_FIELDS, type SignatureTags } from './tags.ts';

/** Why a signature is not evaluated. `reason` is one plain clause. */
export type Fault = {
  readonly reason: string;
  readonly section: string;
  /** The limit of ours that it is. */
  readonly limit?: ReachedLimit;
};

/** How strictly a field is read. */
export type ReadingRules = {
  /**
   * False: only what makes verifying impossible or unsafe is a fault (as mailauth's lenient mode
   * reads it).
   */
  readonly strict: boolean;
  /** True: an underscore in a selector, which the grammar does not have, is let through. */
  readonly underscoreSelectors: boolean;
};

type Rule = Fault & {
  readonly kinds: readonly FieldKind[];
  /** True when verifying would be impossible or unsafe otherwise: broken in lenient mode too. */
  readonly isEssential: boolean;
  readonly isBroken: (tags: SignatureTags, rules: ReadingRules) => boolean;
};

const DKIM: readonly FieldKind[] = ['dkim-signature'];
const SEAL: readonly FieldKind[] = ['arc-seal'];
const ARC: readonly FieldKind[] = ['arc-message-signature', 'arc-seal'];
const OVER_BODY: readonly FieldKind[] = ['dkim-signature', 'arc-message-signature'];
const ALL: readonly FieldKind[] = ['dkim-signature', 'arc-message-signature', 'arc-seal'];

const strictly = (kinds: readonly FieldKind[], section: string, reason: string, isBroken: Rule['isBroken']): Rule => ({
  kinds,
  section,
  reason,
  isBroken,
  isEssential: false,
});
const always = (...rule: Parameters<typeof strictly>): Rule => ({ ...strictly(...rule), isEssential: true });

const GRAMMAR = 'RFC 6376 section 3.5';
const VALIDATION = 'RFC 6376 section 6.1.1';

const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;
// field-name of RFC 5322 section 3.6.8 without ";"
const FIELD_NAME = /^[\x21-\x39\x3c-\x7e]*$/;
// RFC 5322 dot-atom-text with the UTF-8 of RFC 6532, or a quoted-string
const ATOM = "[A-Za-z0-9!#$%&'*+\\-/=?^_`{|}~\\x80-\\xff]+";
const LOCAL_PART = new RegExp(`^(?:${ATOM}(?:\\.${ATOM})*|"(?:[^"\\\\\\r\\n]|\\\\.)*")?$`);

const items = (value: string | undefined) => (value ?? '').split(':').map((item) => item.trim());

const isMissing =
  (name: string) =>
  ({ tag }: SignatureTags): boolean =>
    tag(name) === undefined;

const required = (make: typeof strictly, kinds: readonly FieldKind[], ...names: string[]): Rule[] =>
  names.map((name) => make(kinds, VALIDATION, `the required tag ${name}= is missing`, isMissing(name)));

/** True for a word that names a canonicalization (RFC 6376 section 3.4). */
const isCanonicalization = (word: string): word is Canonicalization => word === 'simple' || word === 'relaxed';

const RULES: readonly Rule[] = [
  ...required(always, ALL, 'a', 'd', 's'),
  ...required(strictly, ALL, 'b'),
  ...required(strictly, OVER_BODY, 'bh', 'h'),
  ...required(strictly, DKIM, 'v'),
  ...required(strictly, ARC, 'i'),
  ...required(strictly, SEAL, 'cv'),
  strictly(DKIM, VALIDATION, 'v= is not 1', ({ tag }) => tag('v') !== '1'),
  always(ALL, 'RFC 6376 section 3.3', 'the algorithm of a= is not known', ({ algorithm }) => algorithm === null),
  always(
    ARC,
    'RFC 8617 section 4.1',
    'the algorithm of a= is not for ARC',
    ({ algorithm }) => algorithm?.hash === 'sha1',
  ),
  always(ALL, GRAMMAR, 'd= is not a domain name', ({ sdid }) => sdid === null),
  always(ALL, GRAMMAR, 's= is not a selector', ({ selector }, { underscoreSelectors }) =>
    selector === null ? true : !underscoreSelectors && !isSelector(selector),
  ),
  always(
    ALL,
    'RFC 1035 section 2.3.4',
    'the name of the key record is longer than DNS allows',
    ({ keyName }) => keyName === null,
  ),
  strictly(ALL, GRAMMAR, 'b= is not base64', ({ signature }) => !BASE64.test(signature)),
  strictly(
    ALL,
    GRAMMAR,
    't= is not 1 to 12 digits',
    ({ tag, facts }) => tag('t') !== undefined && facts.signedAtSeconds === null,
  ),
  always(OVER_BODY, GRAMMAR, 'c= is not simple or relaxed', ({ tag, facts: { canonicalization } }) => {
    const { header, body } = canonicalization;
    return !isCanonicalization(header) || !isCanonicalization(body) || tag('c')?.split('/', 3).length === 3;
  }),
  strictly(OVER_BODY, GRAMMAR, 'bh= is not base64', ({ bodyHash }) => !BASE64.test(bodyHash)),
  always(
    OVER_BODY,
    GRAMMAR,
    `h= names more than ${MAX_SIGNED_FIELDS} fields, the most that are read`,
    ({ facts }) => facts.signedFields.length > MAX_SIGNED_FIELDS,
  ),
  strictly(
    OVER_BODY,
    GRAMMAR,
    'h= holds what is not a field name',
    ({ tag }) => !items(tag('h')).every((name) => FIELD_NAME.test(name)),
  ),
  always(
    OVER_BODY,
    'RFC 6376 section 5.4',
    'From is not among the signed fields',
    ({ facts }) => !facts.signedFields.includes('from'),
  ),
  strictly(
    OVER_BODY,
    GRAMMAR,
    'l= is not 1 to 76 digits',
    ({ tag, facts }) => tag('l') !== undefined && facts.bodyLength === null,
  ),
  strictly(
    OVER_BODY,
    GRAMMAR,
    'x= is not 1 to 12 digits',
    ({ tag, facts }) => tag('x') !== undefined && facts.expiresAtSeconds === null,
  ),
  strictly(
    OVER_BODY,
    GRAMMAR,
    'x= is not after t=',
    ({ facts: { signedAtSeconds: t, expiresAtSeconds: x } }) => t !== null && x !== null && x <= t,
  ),
  strictly(OVER_BODY, GRAMMAR, 'q= does not hold dns/txt', ({ tag }) => {
    const q = tag('q');
    return q !== undefined && !items(q.toLowerCase()).includes('dns/txt');
  }),
  strictly(DKIM, GRAMMAR, 'i= is not an identity', ({ auid }) => {
    return auid !== null && (auid.domain === null || !LOCAL_PART.test(auid.localPart ?? ''));
  }),
  strictly(DKIM, VALIDATION, 'the domain of i= is neither that of d= nor below it', ({ auid, sdid }) => {
    return auid?.domain != null && !isWithin(auid.domain, sdid ?? '');
  }),
  always(SEAL, 'RFC 8617 section 4.1.3', 'an ARC-Seal has an h= tag', ({ tag }) => tag('h') !== undefined),
];

/** The first thing that forbids a field to be evaluated, or null. */
export const findFault = (tags: SignatureTags, rules: ReadingRules): Fault | null => {
  const { fault } = tags.tagList;
  const { strict } = rules;
  if (strict && fault !== null) {
    const reason = `${fault.reason} (character ${fault.position})`;
    return { reason, section: 'RFC 6376 section 3.2', ...(fault.limit !== undefined && { limit: fault.limit }) };
  }
  const rule = RULES.find(
    ({ kinds, isEssential, isBroken }) => kinds.includes(tags.kind) && (strict || isEssential) && isBroken(tags, rules),
  );
  return rule === undefined ? null : { reason: rule.reason, section: rule.section };
};
